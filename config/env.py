"""Typed readers of environment variables; a bad value raises ImproperlyConfigured naming it."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
BROKER_SCHEMES = ("redis", "rediss", "redis+socket", "filesystem")
CACHE_SCHEMES = ("redis", "rediss", "redis+socket")
# Of one process. One entry a participant who is busy this minute; Django would forget after 300.
PROCESS_CACHE: dict[str, Any] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "OPTIONS": {"MAX_ENTRIES": 20_000},
}
LOCAL_STORAGE = "django.core.files.storage.FileSystemStorage"
BUCKET_STORAGE = "config.storage.BucketStorage"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

# WAL lets readers go on while a vote is written; FULL keeps an acknowledged vote through a power
# loss; IMMEDIATE takes the write lock at BEGIN, so that a lease never fails half-way on an upgrade.
SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA cache_size=-20000;"
        "PRAGMA mmap_size=134217728;PRAGMA temp_store=MEMORY;"
    ),
}


def text(name: str, default: str | None = None, *, env: Mapping[str, str] = os.environ) -> str:
    value = env.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set; it has no default here: set it.")
    return default


def boolean(name: str, *, default: bool, env: Mapping[str, str] = os.environ) -> bool:
    raw = env.get(name)
    if raw is None:
        return default
    if raw.strip().lower() in TRUE:
        return True
    if raw.strip().lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {raw!r}; allowed are 1 and 0: set one or unset it.")


def integer(
    name: str, default: int, low: int, high: int, *, env: Mapping[str, str] = os.environ
) -> int:
    raw = env.get(name, "").strip()
    if not raw:
        return default
    if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
        raise ImproperlyConfigured(
            f"{name} is {raw!r}; allowed are whole numbers from {low} to {high}: "
            f"correct it or unset it for {default}."
        )
    return int(raw)


def names(name: str, default: list[str], *, env: Mapping[str, str] = os.environ) -> list[str]:
    """A comma-separated list."""
    raw = env.get(name, "")
    return [part.strip() for part in raw.split(",") if part.strip()] or default


def folder(name: str, default: Path, *, env: Mapping[str, str] = os.environ) -> Path:
    raw = env.get(name, "").strip()
    path = Path(raw).expanduser().resolve() if raw else default
    if path.exists() and not path.is_dir():
        raise ImproperlyConfigured(f"{name} is {raw!r}, which is a file: name a folder.")
    return path


def database(name: str, default: Path, *, env: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Django's DATABASES entry for a `sqlite:///path` or `postgres://user:pw@host/db` URL."""
    raw = env.get(name, "").strip() or f"sqlite:///{default}"
    scheme = raw.split(":", 1)[0]
    wanted = "sqlite:////absolute/path.sqlite3 or postgres://user:password@host:5432/database"
    if scheme not in DATABASE_SCHEMES:
        raise ImproperlyConfigured(f"{name} begins with {scheme!r}; write {wanted}.")
    try:
        parsed: dict[str, Any] = {**dj_database_url.parse(raw)}
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(f"{name} cannot be read ({error}); write {wanted}.") from error
    if not parsed.get("NAME"):
        raise ImproperlyConfigured(f"{name} names no database; write {wanted}.")
    if scheme == "sqlite":
        parsed["ENGINE"] = "config.sqlite"
        parsed["OPTIONS"] = dict(SQLITE_OPTIONS)
        parsed["CONN_MAX_AGE"] = 60
    else:
        # Connections live in psycopg's pool, so Django must not keep its own.
        parsed["OPTIONS"] = {**parsed.get("OPTIONS", {}), "pool": True}
        parsed["CONN_MAX_AGE"] = 0
        # After a restart of the server the pool must not hand out connections that are dead.
        parsed["CONN_HEALTH_CHECKS"] = True
    return parsed


def broker(name: str, *, env: Mapping[str, str] = os.environ) -> str | None:
    """The broker's URL, or None when it is to be picked (config.broker)."""
    raw = env.get(name, "").strip()
    if not raw:
        return None
    try:
        parts = urlsplit(raw)
        usable = parts.netloc or parts.path.strip("/") or parts.scheme == "filesystem"
        # A port that is no number is only noticed when it is read.
        _ = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} is {raw!r} ({error}): correct it or unset it."
        ) from error
    if parts.scheme not in BROKER_SCHEMES or not usable:
        raise ImproperlyConfigured(
            f"{name} is {raw!r}; allowed are redis://host:6379/0, rediss://..., "
            "redis+socket:///path and filesystem://: correct it or unset it."
        )
    return raw


def cache(name: str, *, env: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Django's CACHES entry for a `redis://host:6379/1` URL; unset, the memory of this process."""
    raw = env.get(name, "").strip()
    if not raw:
        return PROCESS_CACHE
    wanted = "redis://host:6379/1, rediss://... or redis+socket:///path"
    try:
        parts = urlsplit(raw)
        # A port that is no number is only noticed when it is read.
        _ = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} cannot be read ({error}); write {wanted}.") from error
    if parts.scheme not in CACHE_SCHEMES or not (parts.netloc or parts.path.strip("/")):
        raise ImproperlyConfigured(
            f"{name} names no Redis; write {wanted}, or unset it to count in each process."
        )
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        # As redis-py writes what Celery writes so.
        "LOCATION": raw.replace("redis+socket:", "unix:", 1).replace("virtual_host=", "db=", 1),
        "KEY_PREFIX": "proofsheet",
        # Nobody's vote waits longer for a server that counts.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }


def storage(name: str, *, env: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Django's STORAGES entry for `s3://bucket/prefix?endpoint_url=...&region=...`.

    Unset, it is the local folder MEDIA_ROOT. Keys are no part of the URL: boto3 finds them.
    """
    raw = env.get(name, "").strip()
    if not raw:
        return {"BACKEND": LOCAL_STORAGE}
    wanted = "s3://bucket/prefix?endpoint_url=https://host:9000&region=eu-central-1"
    try:
        parts = urlsplit(raw)
        asked = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        endpoint = asked.pop("endpoint_url", None)
        region = asked.pop("region", None)
        server = urlsplit(endpoint or "https://amazonaws.com")
        _ = server.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} cannot be read ({error}); write {wanted}.") from error
    if "@" in parts.netloc:
        raise ImproperlyConfigured(
            f"{name} holds keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead."
        )
    if parts.scheme != "s3" or not BUCKET.fullmatch(parts.netloc):
        raise ImproperlyConfigured(f"{name} is {raw!r}, which names no S3 bucket; write {wanted}.")
    if asked or server.scheme not in {"http", "https"} or not server.hostname:
        wrong = ", ".join(asked) or f"endpoint_url={endpoint}"
        raise ImproperlyConfigured(f"{name} asks for {wrong}, which is unknown; write {wanted}.")
    return {
        "BACKEND": BUCKET_STORAGE,
        "OPTIONS": {
            "bucket_name": parts.netloc,
            "location": parts.path.strip("/"),
            "endpoint_url": endpoint,
            "region_name": region,
        },
    }
