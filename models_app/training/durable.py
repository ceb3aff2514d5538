"""Files and folders that are there whole or not at all, also after a power cut."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PART, _OLD = ".part", ".old"


@contextmanager
def folder_replacing(target: Path) -> Iterator[Path]:
    """Give a new folder to write into; at the end it is called `target`.

    Files in it must have been synced, as `file_write` does. A folder of that name is removed once
    the new one is there; after a crash between the two `leftovers_clear` brings it back.

    Raises
    ------
    OSError
        If it cannot be written; then nothing is left of it, and the older one stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=PART, dir=target.parent))
    try:
        # Made for its owner alone, which would hide it from a server that shows results.
        part.chmod(0o755)
        yield part
        folder_sync(part)
        _move_in(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _move_in(part: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}{_OLD}")
    replaced = target.exists()
    if replaced:
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    try:
        part.rename(target)
    except OSError:
        if replaced:
            old.rename(target)
        raise
    folder_sync(target.parent)
    if replaced:
        shutil.rmtree(old, ignore_errors=True)


def folder_remove(folder: Path) -> None:
    """Remove a folder; whoever looks sees it whole or not at all."""
    gone = folder.with_name(f".{folder.name}{PART}")
    shutil.rmtree(gone, ignore_errors=True)
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def leftovers_clear(folder: Path) -> None:
    """Remove what a killed process left of `folder_replacing` in a folder.

    Only while nobody writes to it: what is being written looks like a leftover.
    """
    for path in folder.glob(f".*{_OLD}"):
        target = path.with_name(path.name[1 : -len(_OLD)])
        if target.exists():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(FileNotFoundError):
                path.rename(target)
    for path in folder.glob(f".*{PART}"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def file_write(path: Path, content: bytes) -> None:
    """Write a file and have it on the disk before returning.

    Raises
    ------
    OSError
        If it cannot be written; then nothing is left of it, and an older file stays.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def link_replace(link: Path, target: str) -> None:
    """Point a symbolic link somewhere else, so that it never points nowhere in between."""
    part = link.with_name(f".{link.name}.{os.getpid()}{PART}")
    part.unlink(missing_ok=True)
    try:
        part.symlink_to(target)
        part.replace(link)
    finally:
        part.unlink(missing_ok=True)
    folder_sync(link.parent)


def folder_sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
