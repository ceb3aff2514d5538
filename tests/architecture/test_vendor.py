"""What is committed of other people's code is what their release holds, with its licence."""

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [ROOT / "static" / "vendor", ROOT / "tests" / "vendor"]
FILES = [
    pytest.param(folder / name, digest, id=name)
    for folder in FOLDERS
    for name, digest in json.loads((folder / "manifest.json").read_text()).items()
]


@pytest.mark.parametrize(("path", "digest"), FILES)
def test_each_file_has_the_hash_of_the_manifest(path: Path, digest: str) -> None:
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_the_manifest_lists_every_file_of_every_package(folder: Path) -> None:
    files = {str(path.relative_to(folder)) for path in folder.glob("*/**/*") if path.is_file()}

    assert files == set(json.loads((folder / "manifest.json").read_text()))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_each_package_carries_its_licence(folder: Path) -> None:
    packages = [path for path in folder.iterdir() if path.is_dir()]

    assert packages
    assert [path.name for path in packages if not (path / "LICENSE").is_file()] == []


def test_the_folders_name_the_versions_of_package_json() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    wanted = {**package["dependencies"], **package["devDependencies"]}
    names = {path.name for folder in FOLDERS for path in folder.iterdir() if path.is_dir()}

    assert names == {f"{name}-{version}" for name, version in wanted.items()}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_no_vendored_script_asks_for_a_source_map(folder: Path) -> None:
    # The storage with hashed names refuses a script whose source map is missing.
    scripts = list(folder.glob("*/**/*.js"))

    assert [p.name for p in scripts if re.search(r"[#@] sourceMappingURL=", p.read_text())] == []
