"""What the launcher does inside its own process: read the settings, migrate, name an admin."""

import os
import secrets
from importlib import import_module
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import Error
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, InterfaceError, connections

from config.claims import RefusedError

ADMIN = "admin"
# No letters that look alike: it is read off one screen and typed on another.
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def settings_load() -> None:
    module = os.environ["DJANGO_SETTINGS_MODULE"]
    try:
        import_module(module)
        _ = settings.SECRET_KEY
    except ImproperlyConfigured as error:
        raise RefusedError(str(error)) from error
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        raise RefusedError(
            f"DJANGO_SETTINGS_MODULE is {module!r}, which does not exist; unset it for "
            "config.settings.dev."
        ) from error
    except OSError as error:
        raise RefusedError(
            f"{error.filename} cannot be used ({error.strerror}); give this user write permission "
            "there, or set PROOFSHEET_VAR to another folder."
        ) from error
    if settings.DATABASES["default"]["NAME"] == ":memory:":
        raise RefusedError(
            "DATABASE_URL is a database in memory, which the web server and the worker cannot "
            "share; name a file (sqlite:////absolute/path.sqlite3) or unset it."
        )


def database_prepare() -> None:
    """Set Django up and migrate; every connection is closed again, before anything is forked.

    A database that holds data is backed up first (config/management/commands/migrate.py).
    """
    from config.checks import bucket_answers, media_is_writable

    django.setup()
    _without_pool()
    for found in [*media_is_writable(None), *bucket_answers(None)]:
        if isinstance(found, Error):
            raise RefusedError(" ".join(part for part in (found.msg, found.hint) if part))
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except CommandError as error:
        raise RefusedError(str(error)) from error
    except (DatabaseError, InterfaceError) as error:
        reason = " ".join(str(error).split())
        raise RefusedError(
            f"The database {database_label()} cannot be used ({reason}); start it, or correct "
            "DATABASE_URL."
        ) from error
    finally:
        connections.close_all()


def admin_create() -> str | None:
    """Make the account `admin` if nobody can administer yet, and return its new password.

    The password is kept nowhere but as a hash: whoever calls this has to show it.
    """
    users: Any = get_user_model()._default_manager
    try:
        taken = users.filter(is_superuser=True, is_active=True).exists()
        if taken or users.filter(username=ADMIN).exists():
            return None
        password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
        users.create_superuser(ADMIN, password=password)
        return password
    finally:
        connections.close_all()


def database_label() -> str:
    database = settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        return f"SQLite, {database['NAME']}"
    return f"PostgreSQL, {database['NAME']} on {database['HOST'] or 'this machine'}"


def _without_pool() -> None:
    """In this process only: no pool, whose threads would retry a dead server for half a minute."""
    for connection in connections.all():
        if connection.settings_dict["OPTIONS"].pop("pool", None):
            connection.settings_dict["OPTIONS"]["connect_timeout"] = 5
