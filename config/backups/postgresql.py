"""PostgreSQL: pg_dump of one moment, and pg_restore in one transaction."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import psycopg
from django.db import connection
from django.utils.translation import gettext as _
from psycopg import sql

from config.backups.manifest import BackupError, Facts

# What DATABASE_URL may carry for libpq; Django's own options (pool) are not its concern.
LIBPQ = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "service", "passfile", "options")
CONNECT_S = 10
# Nobody waits longer for a table that a vote or a job still uses.
LOCK = "-c lock_timeout=30s"


class Postgresql:
    engine: ClassVar[str] = "postgresql"
    label: ClassVar[str] = "PostgreSQL"

    def __init__(self, database: dict[str, Any]) -> None:
        options = database.get("OPTIONS", {})
        self._password = str(database.get("PASSWORD") or "")
        known = {
            "dbname": database["NAME"],
            "user": database.get("USER"),
            "host": database.get("HOST"),
            "port": database.get("PORT"),
            **{name: options.get(name) for name in LIBPQ},
        }
        self._place = {name: str(value) for name, value in known.items() if value}

    def facts(self) -> Facts:
        with self._connected() as opened:
            return _facts(opened)

    def snapshot(self, target: Path) -> Facts:
        """Dump the database as it is at one moment to `target`, and say what it holds."""
        with self._connected() as opened:
            row = opened.execute("SELECT pg_export_snapshot()").fetchone()
            facts = _facts(opened)
            # The counts above and the dump see the same rows.
            snapshot = f"--snapshot={row[0] if row else ''}"
            self._run(["pg_dump", "--format=custom", snapshot, f"--file={target}"])
        return facts

    def check(self, content: Path) -> None:
        """Refuse a restored dump that pg_restore cannot list."""
        self._run(["pg_restore", "--list", str(content)], to_database=False)

    def replace(self, content: Path, facts: Facts) -> None:
        """Restore the dump in one transaction; tables that it has are replaced.

        Tables of a newer version are dropped before: their foreign keys would hold the old ones.
        """
        present = connection.introspection.django_table_names(
            only_existing=True, include_views=False
        )
        connection.close()
        newer = sorted(set(present) - set(facts.tables))
        with TemporaryDirectory() as folder:
            script = Path(folder) / "restore.sql"
            self._run(
                [
                    *("pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges"),
                    *(f"--file={script}", str(content)),
                ],
                to_database=False,
            )
            dropped = Path(folder) / "drop.sql"
            quoted = ", ".join(connection.ops.quote_name(name) for name in newer)
            dropped.write_text(f"DROP TABLE {quoted} CASCADE;\n" if newer else "")
            # One transaction for both: what fails leaves everything as it was.
            self._run(
                [
                    *("psql", "--quiet", "--no-psqlrc", "--single-transaction"),
                    *("--set=ON_ERROR_STOP=1", f"--file={dropped}", f"--file={script}"),
                ]
            )

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        try:
            with psycopg.connect(
                **self._place,  # type: ignore[arg-type]  # text, as libpq takes all of them
                password=self._password or None,
                connect_timeout=CONNECT_S,
            ) as opened:
                opened.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                yield opened
        except psycopg.Error as error:
            raise BackupError(
                _("The database cannot be used (%(reason)s); start it, or correct DATABASE_URL.")
                % {"reason": " ".join(str(error).split())}
            ) from error

    def _run(self, command: Sequence[str], *, to_database: bool = True) -> None:
        program, *rest = command
        # --dbname is a connection string: no password in it, others read the list of processes.
        place = psycopg.conninfo.make_conninfo("", **self._place)
        env = {**os.environ, "PGOPTIONS": LOCK, "PGCONNECT_TIMEOUT": str(CONNECT_S)}
        if self._password:
            env["PGPASSWORD"] = self._password
        target = [f"--dbname={place}"] if to_database else []
        try:
            done = subprocess.run(
                [program, *target, *rest], env=env, capture_output=True, text=True, check=False
            )
        except FileNotFoundError as error:
            raise BackupError(
                _(
                    "%(program)s is not installed; install PostgreSQL's client programs (Debian: "
                    "apt install postgresql-client) and do this again."
                )
                % {"program": program}
            ) from error
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if "error" in line.lower()]
            raise BackupError(
                _("%(program)s failed (%(reason)s); nothing of the database was changed by it.")
                % {"program": program, "reason": (said or done.stderr.splitlines() or ["?"])[0]}
            )


def _facts(opened: psycopg.Connection) -> Facts:
    names = opened.execute(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') "
        "AND relnamespace = current_schema()::regnamespace ORDER BY 1"
    ).fetchall()
    tables = {name: _count(opened, name) for (name,) in names}
    applied = (
        opened.execute("SELECT app, name FROM django_migrations ORDER BY app, name").fetchall()
        if "django_migrations" in tables
        else []
    )
    return Facts(tables, [f"{app}.{name}" for app, name in applied])


def _count(opened: psycopg.Connection, table: str) -> int:
    query = sql.SQL("SELECT COUNT(*) FROM {}").format(sql.Identifier(table))
    row = opened.execute(query).fetchone()
    return int(row[0]) if row else 0
