"""Counts of another collection to compare with: lists that somebody put into a folder.

The paper authors' lists carry no licence, so they do not come with the program.
"""

import gzip
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from models_app.networks.labels import counts_common

FOLDER = "references"
# Kind of label -> what the paper authors call their list; packed (.gz) is fine too.
NAMES = {
    "class": "most_common_dataset_classes.tsv",
    "object": "most_common_dataset_objects.tsv",
}
MAX_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Reference:
    """Counts by common label, largest first; `error` says why there are none."""

    counts: dict[str, int]
    error: str = ""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def folder() -> Path:
    """Where lists are looked for, on the machine of the web server."""
    return Path(settings.VAR) / FOLDER


def reference_get(kind: str) -> Reference | None:
    """Read the list of a kind of label; None where nobody put one there."""
    for name in (NAMES[kind], f"{NAMES[kind]}.gz"):
        path = folder() / name
        if path.is_file():
            return _read(path, path.stat().st_mtime_ns)
    return None


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> Reference:
    try:
        counts = _parse(_content(path).decode())
    except (OSError, EOFError, zlib.error, ValueError) as error:
        said = _("%(name)s cannot be used: %(why)s. Each line holds a count, a tab and a label.")
        return Reference({}, said % {"name": path.name, "why": error})
    return Reference(counts_common(counts))


def _content(path: Path) -> bytes:
    with path.open("rb") as raw:
        file = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(_("it has more than %(n)d bytes") % {"n": MAX_BYTES})
    return bytes(content)


def _parse(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        count, tab, label = line.partition("\t")
        if not (tab and label.strip() and count.isascii() and count.isdigit() and len(count) < 16):
            raise ValueError(_("line %(n)d is %(line)r") % {"n": number, "line": line[:60]})
        counts[label.strip()] = counts.get(label.strip(), 0) + int(count)
    return counts
