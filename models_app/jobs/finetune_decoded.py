"""Decoded photos that fine-tunings of this machine share, under var/: as much as is allowed."""

import shutil
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

# What a file of photos has beside it once it is whole, and what its rows are.
NOTE, KEYS = ".json", ".keys"
# Nobody knows here that a dataset is gone: no copy of its photos outlasts it for long.
UNUSED_S = 14 * 24 * 3600
# A killed worker leaves a part that nobody will finish; by then that has long happened.
PART_AGE_S = 24 * 3600


def folder_for(photos: int, side: int) -> str:
    """Return the folder for so many photos of a side; empty where they may not stay.

    They may not where the setting or the disk has no room for them; then they go with their run.
    """
    size, most = photos * side * side * 3, settings.DECODED_CACHE_MAX_BYTES
    folder = Path(settings.DECODED_CACHE)
    if size > most:
        return ""
    folder.mkdir(parents=True, exist_ok=True)
    decoded_trim(most)
    # Twice: states and results of the run want room, too.
    return str(folder) if shutil.disk_usage(folder).free > 2 * size else ""


def decoded_trim(most: int) -> int:
    """Delete the files that were not used for longest until so many bytes are left; returns bytes.

    Those that were not used for two weeks go in any case. Whoever has mapped a file keeps it until
    the end of the run.
    """
    folder = Path(settings.DECODED_CACHE)
    if not folder.is_dir():
        return 0
    _parts_drop(folder)
    files = sorted(((_used(path), path) for path in folder.glob("*.bin")), reverse=True)
    left = gone = 0
    for used, path in files:
        with suppress(FileNotFoundError):
            size = path.stat().st_size
            left += size
            if left > most or time.time() - used > UNUSED_S:
                # First: without it no other run takes the file for whole.
                for beside in (NOTE, KEYS):
                    path.with_suffix(beside).unlink(missing_ok=True)
                path.unlink()
                gone += size
    return gone


def _used(path: Path) -> float:
    """Return when a file was last of use; each run that takes it touches its note."""
    for each in (path.with_suffix(NOTE), path):
        with suppress(FileNotFoundError):
            return each.stat().st_mtime
    return 0.0


def _parts_drop(folder: Path) -> None:
    for path in folder.glob(".*.part"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > PART_AGE_S:
                path.unlink()
