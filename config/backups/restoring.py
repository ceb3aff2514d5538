"""Put a backup in the place of what is there."""

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from config.backups.archive import DATABASE, ArchiveReader, archive_open
from config.backups.databases import Database, database_get, rows_held
from config.backups.files import file_restore, names_list
from config.backups.making import Progress, automatic_path, backup_make, key_path
from config.backups.manifest import BackupError, Facts, Manifest
from config.backups.migrating import first_due
from config.claims import RefusedError, lock_take

LABELS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Restored:
    manifest: Manifest
    before: Facts
    after: Facts
    # The backup of what was there.
    kept: Path | None
    files_written: int
    files_present: int
    # Stored files that the backup does not know.
    files_other: int
    key_written: bool
    # Migrations of this version that the restored database still wants.
    migrations_due: bool


def backup_restore(path: Path, *, replace: bool = False, progress: Progress = iter) -> Restored:
    """Restore a backup; raises BackupError, and until the last hash is compared touches nothing.

    Files first, then the database in one step: if it stops between, the old rows still have
    their files.
    """
    with archive_open(path) as archive:
        database = database_get()
        _suits(archive.manifest, database)
        connections.close_all()
        lock = _lock(database)
        try:
            before = database.facts()
            _may_replace(before, replace=replace)
            archive.verify()
            return _restore(archive, database, before, progress)
        except OSError as error:
            raise BackupError(
                _("The backup could not be restored (%(reason)s): %(name)s.")
                % {"reason": error.strerror or error, "name": error.filename or path}
            ) from error
        finally:
            if lock is not None:
                os.close(lock)


def _suits(manifest: Manifest, database: Database) -> None:
    if manifest.engine != database.engine:
        raise BackupError(
            _(
                "The backup is of a %(theirs)s database and DATABASE_URL names %(ours)s; point "
                "DATABASE_URL to a %(theirs)s database and restore there."
            )
            % {"theirs": LABELS.get(manifest.engine, manifest.engine), "ours": database.label}
        )
    disk = MigrationLoader(None).disk_migrations or {}
    # A squashed migration stands for those that it replaced.
    known = {*disk, *(key for migration in disk.values() for key in migration.replaces)}
    newer = sorted(set(manifest.facts.migrations) - {f"{app}.{name}" for app, name in known})
    if newer:
        raise BackupError(
            _(
                "The backup comes from a newer Proofsheet (%(version)s): this one does not know "
                "its migration %(name)s; update Proofsheet, then restore."
            )
            % {"version": manifest.version, "name": newer[0]}
        )


def _lock(database: Database) -> int | None:
    """Keep `make run` away while a file is exchanged; PostgreSQL has locks of its own."""
    if database.engine != "sqlite":
        return None
    try:
        return lock_take(Path(settings.VAR))
    except RefusedError as error:
        raise BackupError(
            _("Proofsheet runs on %(folder)s; stop it, then restore.") % {"folder": settings.VAR}
        ) from error


def _may_replace(before: Facts, *, replace: bool) -> None:
    held = rows_held(before)
    if held and not replace:
        raise BackupError(
            _(
                "The database holds data (%(rows)d rows, %(votes)d of them votes); add --replace "
                "to restore over it, a backup of it is made first."
            )
            % {"rows": sum(held.values()), "votes": held.get("survey_vote", 0)}
        )


def _restore(
    archive: ArchiveReader, database: Database, before: Facts, progress: Progress
) -> Restored:
    manifest = archive.manifest
    kept = None
    if rows_held(before):
        kept = automatic_path("replaced", "")
        backup_make(kept, media=manifest.has_media)
    with TemporaryDirectory(prefix=".restore-", dir=_workplace(database)) as folder:
        copy = Path(folder) / DATABASE
        archive.extract(manifest.database, copy)
        database.check(copy)
        written = sum(
            file_restore(default_storage, archive, entry) for entry in progress(manifest.media)
        )
        connections.close_all()
        database.replace(copy, manifest.facts)
    after = database.facts()
    known = {entry.name.removeprefix("media/") for entry in manifest.media}
    other = sum(name not in known for name in names_list(default_storage))
    return Restored(
        manifest=manifest,
        before=before,
        after=after,
        kept=kept,
        files_written=written,
        files_present=len(manifest.media) - written,
        files_other=other if manifest.has_media else 0,
        key_written=_key_restore(archive),
        migrations_due=first_due() is not None,
    )


def _workplace(database: Database) -> Path:
    # A rename is one step only within a disk: beside the present file.
    place = Path(settings.DATABASES["default"]["NAME"]).parent
    folder = place if database.engine == "sqlite" else Path(settings.VAR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _key_restore(archive: ArchiveReader) -> bool:
    """Write the key back, unless a key is set: completion codes are signed with it."""
    entry = archive.manifest.key
    if entry is None or os.environ.get("SECRET_KEY", "").strip():
        return False
    with archive.open(entry) as source:
        content = source.read(1000)
    if key_path().is_file() and key_path().read_bytes() == content:
        return False
    part = key_path().with_name("secret-key.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
    part.replace(key_path())
    return True
