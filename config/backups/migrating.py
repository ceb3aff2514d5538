"""The backup that is made by itself before a migration."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from config.backups.databases import database_get, rows_held
from config.backups.making import automatic_path, backup_make

KEPT = 5
KIND = "before"


def backup_before_migration(app: str | None = None) -> Path | None:
    """Copy the database (no files) if a migration is due and it holds data; else None.

    With an app's name always, as that may go backwards. The last five such copies are kept.
    """
    if not settings.BACKUP_BEFORE_MIGRATE:
        return None
    due = app or first_due()
    database = database_get()
    if not due or not rows_held(database.facts()):
        return None
    path = automatic_path(KIND, due)
    backup_make(path, media=False, force=True)
    for old in sorted(path.parent.glob(f"{KIND}-*.zip"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def first_due() -> str | None:
    """Name the first migration (`app.name`) that the database still wants."""
    executor = MigrationExecutor(connections["default"])
    plan: list[tuple[Any, bool]] = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{plan[0][0].app_label}.{plan[0][0].name}" if plan else None
