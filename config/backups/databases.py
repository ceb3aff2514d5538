"""Which database there is, and whether anything is in it."""

from pathlib import Path
from typing import ClassVar, Protocol

from django.conf import settings

from config.backups.manifest import Facts

# Filled by migrations, or by anybody who only looks: not what somebody would miss.
NOBODYS = {
    "django_migrations",
    "django_content_type",
    "django_session",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
}


class Database(Protocol):
    engine: ClassVar[str]
    label: ClassVar[str]

    def facts(self) -> Facts:
        """Say what it holds now; raises BackupError where it cannot be read."""

    def snapshot(self, target: Path) -> Facts:
        """Copy it, as it is at one moment, to a file that does not exist yet."""

    def check(self, content: Path) -> None:
        """Raise BackupError for a copy that cannot be restored."""

    def replace(self, content: Path, facts: Facts) -> None:
        """Put a copy, which holds `facts`, in its place: all of it or nothing."""


def database_get() -> Database:
    database = settings.DATABASES["default"]
    # Each imported where it is used: the other's driver may not be installed.
    if "sqlite" in database["ENGINE"]:
        from config.backups.sqlite import Sqlite

        return Sqlite(Path(database["NAME"]))
    from config.backups.postgresql import Postgresql

    return Postgresql(database)


def rows_held(facts: Facts) -> dict[str, int]:
    """Rows by table that somebody made, without empty tables."""
    return {name: rows for name, rows in facts.tables.items() if rows and name not in NOBODYS}
