"""Whether a worker on another machine can join, and the command that starts it there."""

import os
import shlex
import sys
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from celery.signals import celeryd_init
from django.conf import settings
from django.utils.translation import gettext as _

from config import env
from config.local import is_loopback

# Stands where a page would otherwise show a secret.
PASSWORD = "PASSWORD"  # noqa: S105 - it is the word itself
# What a worker must know as the machine here does, where it is not the default.
ALIKE = (
    "JOB_HEARTBEAT_SECONDS",
    "JOB_LOST_SECONDS",
    "JOB_RESEND_SECONDS",
    "CHECKPOINT_MAX_MB",
    "PHOTO_MAX_MB",
    "PHOTO_MAX_MEGAPIXELS",
)
SSL = ("sslmode", "sslrootcert", "sslcert", "sslkey")
ONE_HOST_BROKERS = ("filesystem", "memory", "redis+socket")


def worker_obstacles(*, addresses: bool = True) -> list[str]:
    """Say, a sentence each, which settings keep a worker on another machine away.

    `addresses=False` leaves out addresses that mean the own machine: over there they may lead
    through a tunnel.
    """
    found = [_database(), _broker(), _storage()]
    if addresses:
        found += [_own_address(*place) for place in _places()]
    return [sentence for sentence in found if sentence]


def worker_command(queue: str = "gpu") -> str:
    """Give the shell command that starts a worker on another machine.

    Fit to be shown: PASSWORD and the like stand where the secrets are to be typed.
    """
    values = {
        "PROOFSHEET_REMOTE": "1",
        "DATABASE_URL": _database_url(),
        "CELERY_BROKER_URL": _broker_url(),
        "STORAGE_URL": _storage_url(),
        "AWS_ACCESS_KEY_ID": "KEY_ID",
        "AWS_SECRET_ACCESS_KEY": "SECRET",
        **{name: os.environ[name] for name in ALIKE if os.environ.get(name)},
    }
    worker = (
        f".venv/bin/celery --app config worker --queues {shlex.quote(queue)} --concurrency 1 "
        "--max-tasks-per-child 1 --without-gossip --without-mingle --loglevel INFO"
    )
    return " \\\n".join([*(f"{name}={shlex.quote(v)}" for name, v in values.items()), worker])


def refuse_in_words(**_kwargs: Any) -> None:
    """End a worker that was started as a remote one and could share nothing with the others."""
    if not settings.REMOTE_WORKER:
        return
    found = worker_obstacles(addresses=False)
    if found:
        sys.stderr.write(f"proofsheet: {' '.join(found)}\n")
        # No Exception, which Celery would log and forget.
        raise SystemExit(2)


celeryd_init.connect(refuse_in_words)


def _database() -> str:
    if "sqlite" not in settings.DATABASES["default"]["ENGINE"]:
        return ""
    return _(
        "The database is an SQLite file, which a worker on another machine cannot share; set "
        "DATABASE_URL to postgres://user:password@host:5432/database."
    )


def _broker() -> str:
    if urlsplit(settings.CELERY_BROKER_URL).scheme not in ONE_HOST_BROKERS:
        return ""
    return _(
        "The broker serves one machine only (%(scheme)s), and a worker on another one cannot "
        "reach it; set CELERY_BROKER_URL to redis://:password@host:6379/0."
    ) % {"scheme": urlsplit(settings.CELERY_BROKER_URL).scheme}


def _storage() -> str:
    if settings.STORAGES["default"]["BACKEND"] != env.LOCAL_STORAGE:
        return ""
    return _(
        "Photos and pictures lie in a folder, which a worker on another machine cannot read; set "
        "STORAGE_URL to s3://bucket/prefix?endpoint_url=https://host:9000."
    )


def _places() -> list[tuple[str, str]]:
    """Name each server's variable and host; none for what has no host at all."""
    places = []
    if not _database():
        places.append(("DATABASE_URL", settings.DATABASES["default"]["HOST"] or "localhost"))
    if not _broker():
        host = urlsplit(settings.CELERY_BROKER_URL).hostname
        places.append(("CELERY_BROKER_URL", host or "localhost"))
    if not _storage():
        endpoint = settings.STORAGES["default"]["OPTIONS"]["endpoint_url"]
        places.append(("STORAGE_URL", urlsplit(endpoint or "").hostname or "amazonaws.com"))
    return places


def _own_address(name: str, host: str) -> str:
    # A database's host may also be the folder of a socket.
    if not is_loopback(host) and not host.startswith("/"):
        return ""
    return _(
        "%(name)s names %(host)s, which another machine takes for itself; write this machine's "
        "name or address in the network."
    ) % {"name": name, "host": host}


def _database_url() -> str:
    database = settings.DATABASES["default"]
    user = quote(database.get("USER") or "", safe="")
    secret = f":{PASSWORD}" if database.get("PASSWORD") else ""
    host = database["HOST"]
    host = f"[{host}]" if ":" in host else host
    port = f":{database['PORT']}" if database.get("PORT") else ""
    options = {name: database["OPTIONS"][name] for name in SSL if name in database["OPTIONS"]}
    query = f"?{urlencode(options)}" if options else ""
    before = f"{user}{secret}@" if user else ""
    return f"postgres://{before}{host}{port}/{quote(database['NAME'], safe='')}{query}"


def _broker_url() -> str:
    parts = urlsplit(settings.CELERY_BROKER_URL)
    before, at, place = parts.netloc.rpartition("@")
    user, colon, _secret = before.partition(":")
    # redis://secret@host has no colon, and what stands there may be the password.
    shown = f"{user}:{PASSWORD}" if colon else PASSWORD if at else ""
    query = [
        (name, PASSWORD if "pass" in name.lower() else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit((parts.scheme, f"{shown}{at}{place}", parts.path, urlencode(query), ""))


def _storage_url() -> str:
    options = settings.STORAGES["default"]["OPTIONS"]
    asked = {"endpoint_url": options["endpoint_url"], "region": options["region_name"]}
    query = urlencode({name: value for name, value in asked.items() if value}, safe=":/")
    prefix = f"/{options['location']}" if options["location"] else ""
    return f"s3://{options['bucket_name']}{prefix}{f'?{query}' if query else ''}"
