"""Make a backup while everything goes on."""

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils import timezone
from django.utils.translation import gettext as _

from config.backups.archive import DATABASE, KEY, MEDIA, ArchiveWriter
from config.backups.databases import Database, database_get
from config.backups.files import names_list
from config.backups.manifest import BackupError, Entry, Manifest, name_check

Progress = Callable[[Iterable[Any]], Iterable[Any]]


def backup_make(
    target: Path, *, media: bool = True, force: bool = False, progress: Progress = iter
) -> Manifest:
    """Write database, stored files and the key kept in var/ to one file.

    The database is copied first: a file is stored before the row that names it and never changed,
    so every file of the copied rows is there afterwards, unless somebody deletes it meanwhile;
    those are named in the manifest. Raises BackupError; then nothing is left behind.
    """
    _target_check(target, force=force)
    try:
        with ArchiveWriter(target) as writer:
            return _fill(writer, database_get(), media=media, progress=progress)
    except OSError as error:
        raise BackupError(
            _("%(path)s cannot be written (%(reason)s); make space or name another file.")
            % {"path": target, "reason": error.strerror or error}
        ) from error


def _target_check(target: Path, *, force: bool) -> None:
    if not target.name or target.is_dir():
        raise BackupError(
            _("%(path)s is a folder; name a file, as in backup.zip.") % {"path": target}
        )
    if target.exists() and not force:
        raise BackupError(
            _("%(path)s exists; name another file, or add --force to replace it.")
            % {"path": target}
        )
    if isinstance(default_storage, FileSystemStorage):
        stored = Path(default_storage.location).resolve()
        if target.resolve().is_relative_to(stored):
            raise BackupError(
                _("%(path)s lies in the folder that is backed up; name a file outside of it.")
                % {"path": target}
            )


def _fill(
    writer: ArchiveWriter, database: Database, *, media: bool, progress: Progress
) -> Manifest:
    before = set(_names(media))
    # Beside the target: a disk that cannot hold it is noticed before anything is replaced.
    with TemporaryDirectory(prefix=".backup-", dir=writer.target.parent) as folder:
        copy = Path(folder) / DATABASE
        created_at = timezone.now()
        facts = database.snapshot(copy)
        with copy.open("rb") as source:
            # A dump of PostgreSQL is packed already.
            entry = writer.add(DATABASE, source, packed=database.engine == "sqlite")
    names = sorted(before | set(_names(media)))
    entries, gone = _media(writer, names, progress)
    manifest = Manifest(
        version=str(settings.SPECTACULAR_SETTINGS["VERSION"]),
        engine=database.engine,
        created_at=created_at.isoformat(),
        facts=facts,
        database=entry,
        has_media=media,
        media=entries,
        gone=gone,
        key=_key(writer),
    )
    writer.finish(manifest)
    return manifest


def _names(media: bool) -> list[str]:
    if not media:
        return []
    try:
        return list(names_list(default_storage))
    except OSError as error:
        raise BackupError(
            _("The stored files cannot be listed (%(reason)s); no backup was made.")
            % {"reason": error.strerror or error}
        ) from error


def _media(
    writer: ArchiveWriter, names: list[str], progress: Progress
) -> tuple[list[Entry], list[str]]:
    entries, gone = [], []
    for name in progress(names):
        name_check(name)
        try:
            source = default_storage.open(name, "rb")
        except FileNotFoundError:
            gone.append(name)
            continue
        except OSError as error:
            raise BackupError(
                _("%(name)s cannot be read (%(reason)s); no backup was made.")
                % {"name": name, "reason": error.strerror or error}
            ) from error
        with source:
            entries.append(writer.add(MEDIA + name, source))
    return entries, gone


def _key(writer: ArchiveWriter) -> Entry | None:
    """Take the key that Proofsheet made for itself; one that is set is its setter's to keep."""
    path = key_path()
    if not path.is_file() or path.read_text().strip() != settings.SECRET_KEY:
        return None
    with path.open("rb") as source:
        return writer.add(KEY, source)


def key_path() -> Path:
    return Path(settings.VAR) / "secret-key"


def automatic_path(kind: str, what: str) -> Path:
    """Name a backup that is made by itself: var/backups/KIND-TIME-WHAT.zip."""
    folder = Path(settings.VAR) / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join(part for part in (kind, f"{timezone.now():%Y%m%dT%H%M%S}", what) if part)
    return folder / f"{name}.zip"
