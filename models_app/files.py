"""Files in the storage: whole, or not there."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from uuid import uuid4

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage


def files_below(folder: str) -> Iterator[str]:
    """Name every file of a folder and of those in it; one listing each, none where it is not."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in files if name)
    for below in folders:
        if below:
            yield from files_below(f"{folder}/{below}")


def file_store(folder: str, suffix: str, content: bytes | File[bytes]) -> str:
    """Store a file under a name that nobody else has, and return that name.

    A disk that is full in the middle would otherwise keep the part that was written.
    """
    name = str(PurePosixPath(folder) / f"{uuid4().hex}{suffix}")
    try:
        return default_storage.save(
            name, ContentFile(content) if isinstance(content, bytes) else content
        )
    except BaseException:
        default_storage.delete(name)
        raise
