#!/bin/sh
# Copies the browser libraries that package-lock.json pins to where they are committed, and writes
# a manifest of their hashes. Needs node and sha256sum; run it after a change of a version, from
# anywhere: npm run vendor. Remove the folder of the old version by hand.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$root/package.json" "$root/package-lock.json" "$work"
# npm checks every package against the hash in the lock file.
npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund
from="$work/node_modules"

version() {
    node -p "require('$from/$1/package.json').version"
}

manifest() {
    ( cd "$1" && find . -mindepth 2 -type f | LC_ALL=C sort | xargs sha256sum ) |
        node -e '
            const lines = require("fs").readFileSync(0, "utf8").trim().split("\n");
            const pairs = lines.map((line) => [line.slice(66).replace("./", ""), line.slice(0, 64)]);
            console.log(JSON.stringify(Object.fromEntries(pairs), null, 2));
        ' > "$work/manifest.json"
    mv "$work/manifest.json" "$1/manifest.json"
}

echarts="$root/static/vendor/echarts-$(version echarts)"
mkdir -p "$echarts"
cp "$from/echarts/dist/echarts.min.js" "$from/echarts/LICENSE" "$from/echarts/NOTICE" "$echarts"
cp "$from/echarts/licenses/LICENSE-d3" "$echarts"
# Both are part of the bundle.
cp "$from/zrender/LICENSE" "$echarts/LICENSE-zrender"
cp "$from/tslib/LICENSE.txt" "$echarts/LICENSE-tslib"
manifest "$root/static/vendor"

axe="$root/tests/vendor/axe-core-$(version axe-core)"
mkdir -p "$axe"
cp "$from/axe-core/axe.min.js" "$from/axe-core/LICENSE" "$from/axe-core/LICENSE-3RD-PARTY.txt" "$axe"
manifest "$root/tests/vendor"
