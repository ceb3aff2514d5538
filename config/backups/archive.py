"""The file itself: a zip of the database, `media/...` and a manifest, written last."""

import fcntl
import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from django.utils.translation import gettext as _

from config.backups.manifest import BackupError, Entry, Manifest, manifest_read, name_check

MANIFEST = "manifest.json"
DATABASE = "database"
KEY = "secret-key"
MEDIA = "media/"
CHUNK = 1 << 20
# About four million files.
MANIFEST_MOST = 1 << 29


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class ArchiveWriter:
    """Writes FILE.part and renames it at the end; whatever fails before leaves nothing.

    Readable by its owner only: it holds votes, password hashes and perhaps the key.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.part = target.with_name(f"{target.name}.part")
        self._finished = False

    def __enter__(self) -> Self:
        handle = os.open(self.part, os.O_RDWR | os.O_CREAT, 0o600)
        self._file = os.fdopen(handle, "r+b")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise BackupError(
                _("Another backup is being written to %(path)s; name another file.")
                % {"path": self.target}
            ) from error
        # Left by one that was killed.
        self._file.truncate(0)
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED, allowZip64=True)
        return self

    def add(self, name: str, source: Readable, *, packed: bool = False) -> Entry:
        """Copy a file into the archive; pictures are stored as they are, a database is packed."""
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as out:
            for chunk in _chunks(name, source):
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
        return Entry(name, size, digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        self._zip.writestr(MANIFEST, manifest.to_json(), zipfile.ZIP_DEFLATED)
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self.part.replace(self.target)
        self._finished = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._finished:
            self.part.unlink(missing_ok=True)
            # Closing would write the directory of an archive that is thrown away, to a full disk.
            self._zip.fp = None
        try:
            self._file.close()
        except OSError:
            if kind is None:
                raise


def _chunks(name: str, source: Readable) -> Iterator[bytes]:
    while True:
        try:
            chunk = source.read(CHUNK)
        except OSError as error:
            raise BackupError(
                _("%(name)s cannot be read (%(reason)s); no backup was made.")
                % {"name": name, "reason": error.strerror or error}
            ) from error
        if not chunk:
            return
        yield chunk


class ArchiveReader:
    """An archive whose manifest has been read; `verify` before anything of it is used."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive
        names = archive.namelist()
        for name in names:
            name_check(name)
        if MANIFEST not in names or archive.getinfo(MANIFEST).file_size > MANIFEST_MOST:
            raise BackupError(_("This is no backup of Proofsheet: it has no manifest."))
        with _sound(MANIFEST):
            self.manifest = manifest_read(archive.read(MANIFEST))
        listed = [MANIFEST, *(entry.name for entry in self.manifest.entries)]
        if sorted(listed) != sorted(names) or not self._are_where_they_belong():
            raise BackupError(
                _(
                    "The backup does not hold the files that its manifest names; nothing was "
                    "changed."
                )
            )

    def _are_where_they_belong(self) -> bool:
        found = self.manifest
        return (
            found.database.name == DATABASE
            and (found.key is None or found.key.name == KEY)
            and all(entry.name.startswith(MEDIA) for entry in found.media)
        )

    def verify(self) -> None:
        """Read all of it and compare every length and hash; raises BackupError."""
        for entry in self.manifest.entries:
            digest, size = hashlib.sha256(), 0
            with _sound(entry.name), self.open(entry) as source:
                # A byte more than said is enough to know, however far it would unpack.
                while size <= entry.size and (chunk := source.read(CHUNK)):
                    digest.update(chunk)
                    size += len(chunk)
            if size != entry.size or digest.hexdigest() != entry.sha256:
                raise _damaged(entry.name)

    def open(self, entry: Entry) -> IO[bytes]:
        return self._zip.open(entry.name)

    def extract(self, entry: Entry, target: Path) -> None:
        """Write one file of the archive to `target`, on the disk when this returns."""
        with self.open(entry) as source, target.open("xb") as out:
            target.chmod(0o600)
            while chunk := source.read(CHUNK):
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())


@contextmanager
def archive_open(path: Path) -> Iterator[ArchiveReader]:
    """Open a backup; raises BackupError where it is none or names what no backup may name."""
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise BackupError(
            _("%(path)s cannot be read (%(reason)s); name a backup.")
            % {"path": path, "reason": error.strerror}
        ) from error
    except (zipfile.BadZipFile, ValueError) as error:
        raise BackupError(
            _("%(path)s is no backup, or only a part of one; name another file.") % {"path": path}
        ) from error
    with archive:
        yield ArchiveReader(archive)


@contextmanager
def _sound(name: str) -> Iterator[None]:
    # zipfile answers encrypted, unknown and broken entries with four kinds of error.
    try:
        yield
    except (zipfile.BadZipFile, RuntimeError, EOFError, OSError) as error:
        raise _damaged(name) from error
    except Exception as error:
        # zlib.error is a plain Exception.
        if type(error).__module__ != "zlib":
            raise
        raise _damaged(name) from error


def _damaged(name: str) -> BackupError:
    return BackupError(
        _("The backup is damaged: %(name)s is not what its manifest says; nothing was changed.")
        % {"name": name}
    )
