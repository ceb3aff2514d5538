"""The stored files, wherever they lie: their names, and writing them back."""

import hashlib
from collections.abc import Iterator

from django.core.files.base import File
from django.core.files.storage import Storage
from django.utils.translation import gettext as _

from config.backups.archive import CHUNK, MEDIA, ArchiveReader, Readable
from config.backups.manifest import BackupError, Entry


def names_list(storage: Storage) -> Iterator[str]:
    """Name every file of the storage; one listing a folder."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            folders, files = storage.listdir(folder)
        except FileNotFoundError:
            continue
        within = f"{folder}/" if folder else ""
        waiting.extend(within + name for name in folders)
        yield from (within + name for name in files if name)


def file_restore(storage: Storage, archive: ArchiveReader, entry: Entry) -> bool:
    """Store one file under its old name; False where it is there already, byte for byte."""
    name = entry.name.removeprefix(MEDIA)
    if storage.exists(name):
        if storage.size(name) == entry.size and _sha256(storage, name) == entry.sha256:
            return False
        storage.delete(name)
    with archive.open(entry) as source:
        stored = storage.save(name, File(source, name))
    if stored != name:
        storage.delete(stored)
        raise BackupError(
            _("%(name)s could not be stored under its name; stop whatever writes there.")
            % {"name": name}
        )
    return True


def _sha256(storage: Storage, name: str) -> str:
    digest = hashlib.sha256()
    with storage.open(name, "rb") as file:
        source: Readable = file
        while chunk := source.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
