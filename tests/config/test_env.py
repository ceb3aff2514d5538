from pathlib import Path

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import ConnectionHandler
from pytest_django import DjangoDbBlocker

from config import env

DEFAULT = Path("/var/lib/proofsheet/db.sqlite3")
READERS = {
    "text": lambda values: env.text("X", env=values),
    "boolean": lambda values: env.boolean("X", default=True, env=values),
    "integer": lambda values: env.integer("X", 5, 1, 10, env=values),
    "names": lambda values: env.names("X", ["d"], env=values),
    "folder": lambda values: env.folder("X", DEFAULT, env=values),
    "database": lambda values: env.database("X", DEFAULT, env=values)["NAME"],
    "broker": lambda values: env.broker("X", env=values),
    "cache": lambda values: env.cache("X", env=values),
    "storage": lambda values: env.storage("X", env=values),
}


@pytest.mark.parametrize(
    ("reader", "raw", "value"),
    [
        ("text", " a b ", "a b"),
        ("boolean", "1", True),
        ("boolean", "YES", True),
        ("boolean", "off", False),
        ("boolean", "", False),
        ("boolean", None, True),
        ("integer", "10", 10),
        ("integer", " 1 ", 1),
        ("integer", "", 5),
        ("integer", None, 5),
        ("names", "a, b,,", ["a", "b"]),
        ("names", None, ["d"]),
        ("folder", "/tmp", Path("/tmp")),
        ("folder", None, DEFAULT),
        ("database", None, str(DEFAULT)),
        ("database", "sqlite:////a/b.sqlite3", "/a/b.sqlite3"),
        ("database", "postgres://u:p@h:5432/name", "name"),
        ("broker", None, None),
        ("broker", "redis://h:6379/0", "redis://h:6379/0"),
        ("broker", "redis+socket:///run/r.sock", "redis+socket:///run/r.sock"),
        ("broker", "filesystem://", "filesystem://"),
        ("cache", None, env.PROCESS_CACHE),
        ("storage", None, {"BACKEND": env.LOCAL_STORAGE}),
    ],
)
def test_it_reads_a_good_value(reader: str, raw: str | None, value: object) -> None:
    assert READERS[reader]({} if raw is None else {"X": raw}) == value


@pytest.mark.parametrize(
    ("reader", "raw"),
    [
        ("text", None),
        ("text", "  "),
        ("boolean", "maybe"),
        ("integer", "0"),
        ("integer", "11"),
        ("integer", "-1"),
        ("integer", "1.5"),
        ("integer", "\N{ARABIC-INDIC DIGIT FIVE}"),
        ("folder", __file__),
        ("database", "foo://"),
        ("database", "just/a/path"),
        ("database", "postgres://"),
        ("database", "postgres://h:port/name"),
        ("broker", "amqp://h"),
        ("broker", "redis://"),
        ("broker", "redis://h:port/0"),
        ("broker", "redis+socket://"),
        ("cache", "memcached://h:11211"),
        ("cache", "redis://"),
        ("cache", "redis://h:port/0"),
        ("cache", "redis+socket://"),
        ("storage", "bucket/prefix"),
        ("storage", "s3://"),
        ("storage", "s3://UPPER/prefix"),
        ("storage", "https://bucket/prefix"),
        ("storage", "s3://key:secret@bucket/prefix"),
        ("storage", "s3://bucket/?endpoint_url=host:9000"),
        ("storage", "s3://bucket/?endpoint_url=http://host:port"),
        ("storage", "s3://bucket/?acl=public"),
        ("storage", "s3://bucket/?acl"),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_the_variable(reader: str, raw: str | None) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        READERS[reader]({} if raw is None else {"X": raw})
    sentence = str(caught.value)
    assert sentence.startswith("X ")
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_sqlite_is_opened_with_the_durable_options(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    opened = ConnectionHandler({"default": env.database("X", tmp_path / "db.sqlite3", env={})})
    with django_db_blocker.unblock(), opened["default"].cursor() as cursor:
        found = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        opened["default"].close()
    # 2 is FULL.
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 20_000,
    }


def test_sqlite_takes_the_write_lock_when_a_transaction_begins() -> None:
    options = env.database("X", DEFAULT, env={})["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"


def test_postgresql_keeps_its_connections_in_a_pool() -> None:
    found = env.database("X", DEFAULT, env={"X": "postgres://u:p@h/name?sslmode=require"})
    assert found["OPTIONS"] == {"sslmode": "require", "pool": True}
    assert found["CONN_MAX_AGE"] == 0


def test_a_dead_connection_is_not_handed_out_again(
    postgres_url: str, django_db_blocker: DjangoDbBlocker
) -> None:
    opened = ConnectionHandler({"default": env.database("X", DEFAULT, env={"X": postgres_url})})
    with django_db_blocker.unblock():
        connection = opened["default"]
        connection.ensure_connection()
        connection.close()
        with psycopg.connect(postgres_url, autocommit=True) as server:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
        connection.close()
        connection.close_pool()


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("s3://photos", ("photos", "", None, None)),
        ("s3://photos/a/b/", ("photos", "a/b", None, None)),
        (
            "s3://photos/a?endpoint_url=http://127.0.0.1:9000&region=eu-central-1",
            ("photos", "a", "http://127.0.0.1:9000", "eu-central-1"),
        ),
    ],
)
def test_a_bucket_has_a_prefix_a_server_and_a_region(
    url: str, options: tuple[str | None, ...]
) -> None:
    found = env.storage("X", env={"X": url})
    names = ("bucket_name", "location", "endpoint_url", "region_name")
    assert found == {
        "BACKEND": env.BUCKET_STORAGE,
        "OPTIONS": dict(zip(names, options, strict=True)),
    }


def test_a_secret_in_the_url_is_not_repeated() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        env.storage("X", env={"X": "s3://key:geheim@bucket"})
    assert "geheim" not in str(caught.value)
