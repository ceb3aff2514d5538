"""SQLite: a snapshot while others write, and putting a file in the place of the present one."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

from django.utils.translation import gettext as _

from config.backups.manifest import BackupError, Facts

BUSY_S = 20.0


class Sqlite:
    engine: ClassVar[str] = "sqlite"
    label: ClassVar[str] = "SQLite"

    def __init__(self, path: Path) -> None:
        self.path = path

    def facts(self) -> Facts:
        """Count what is there now; a file that does not exist is an empty database."""
        if not self.path.exists():
            return Facts({}, [])
        return _facts(self.path)

    def snapshot(self, target: Path) -> Facts:
        """Write the database as it is at one moment to `target`, and say what it holds."""
        if not self.path.exists():
            raise BackupError(
                _("There is no database %(path)s yet; run make run or manage.py migrate first.")
                % {"path": self.path}
            )
        with _told(self.path), closing(_connect(self.path)) as source:
            # One reading transaction; in WAL mode writers go on meanwhile.
            source.execute("VACUUM INTO ?", [str(target)])
        return _facts(target)

    def check(self, content: Path) -> None:
        """Refuse a restored file that SQLite finds broken."""
        with _told(content), closing(_connect(content)) as opened:
            (answer,) = opened.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            raise BackupError(
                _("The database in the backup is damaged (%(reason)s); nothing was changed.")
                % {"reason": answer}
            )

    def replace(self, content: Path, facts: Facts) -> None:
        """Put `content` (a file in the same folder) in the place of the database."""
        if self.path.exists():
            self._nobody_else()
            shutil.copymode(self.path, content)
            if os.geteuid() == 0:
                # The web server's user must still be able to write it.
                owner = self.path.stat()
                os.chown(content, owner.st_uid, owner.st_gid)
        content.replace(self.path)
        # Of a database that was killed and is no more: they would be replayed into the new one.
        for suffix in ("-wal", "-shm", "-journal"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _nobody_else(self) -> None:
        # Leaving WAL mode takes SQLite's exclusive lock: it fails while any process, even an idle
        # one, has the database open. It also brings the write-ahead log home.
        try:
            with closing(sqlite3.connect(self.path, timeout=2)) as opened:
                opened.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise BackupError(
                _(
                    "Another program has the database %(path)s open (%(reason)s); stop the web "
                    "server and the worker, then restore again."
                )
                % {"path": self.path, "reason": error}
            ) from error


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=BUSY_S)


def _facts(path: Path) -> Facts:
    with _told(path), closing(_connect(path)) as opened:
        # One moment for all counts.
        opened.execute("BEGIN")
        names = opened.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        ).fetchall()
        tables = {name: _count(opened, name) for (name,) in names}
        applied = (
            opened.execute("SELECT app, name FROM django_migrations ORDER BY app, name").fetchall()
            if "django_migrations" in tables
            else []
        )
    return Facts(tables, [f"{app}.{name}" for app, name in applied])


def _count(opened: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    (rows,) = opened.execute(f'SELECT COUNT(*) FROM "{quoted}"').fetchone()  # noqa: S608 - quoted
    return int(rows)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupError(
            _(
                "The database %(path)s cannot be read or copied (%(reason)s); make space if the "
                "disk is full, or move a damaged file away."
            )
            % {"path": path, "reason": error}
        ) from error
