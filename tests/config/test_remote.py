"""A worker on another machine: refused in words, or told the command, without a secret."""

import shlex
import shutil
import subprocess
import sys

import pytest
from pytest_django import Settings

from config import env
from config.broker import redis_socket
from config.remote import worker_command, worker_obstacles
from tests.config.conftest import ROOT
from tests.conftest import needs
from tests.servers import KEYS, redis, storage_url

SECRET = "geheim"
DATABASE = f"postgres://pat:{SECRET}@db.example.org:5433/sheets?sslmode=require"
BROKER = f"rediss://:{SECRET}@broker.example.org:6379/0?ssl_cert_reqs=required"
STORAGE = "s3://photos/one?endpoint_url=http://files.example.org:9000&region=eu-1"


class Use:
    """Settings as these variables would make them."""

    def __init__(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = settings
        self.monkeypatch = monkeypatch

    def __call__(self, database: str = DATABASE, broker: str = BROKER, storage: str = STORAGE):
        entry = env.database("X", ROOT / "x.sqlite3", env={"X": database})
        self.monkeypatch.setitem(self.settings.DATABASES, "default", entry)
        self.settings.CELERY_BROKER_URL = broker
        default = env.storage("X", env={"X": storage})
        self.settings.STORAGES = {**self.settings.STORAGES, "default": default}


@pytest.fixture
def use(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Use:
    return Use(settings, monkeypatch)


def test_servers_with_names_are_in_nobody_s_way(use: Use):
    use()
    assert worker_obstacles() == []


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("database", "", "The database is an SQLite file"),
        ("database", "postgres://pat@localhost/x", "DATABASE_URL names localhost"),
        ("database", "postgres:///x", "DATABASE_URL names localhost"),
        ("database", "postgres://%2Frun%2Fpg/x", "DATABASE_URL names /run/pg"),
        ("broker", "filesystem://localhost", "The broker serves one machine only (filesystem)"),
        ("broker", "redis+socket:///run/x", "The broker serves one machine only (redis+socket)"),
        ("broker", "redis://127.0.0.1:6379/0", "CELERY_BROKER_URL names 127.0.0.1"),
        ("storage", "", "Photos and pictures lie in a folder"),
        ("storage", "s3://photos?endpoint_url=http://[::1]:9000", "STORAGE_URL names ::1"),
    ],
)
def test_what_only_this_machine_has_is_refused_in_words(
    use: Use, place: str, value: str, sentence: str
):
    use(**{place: value})
    (found,) = worker_obstacles()
    assert found.startswith(sentence)
    assert found.endswith(".")
    assert "; " in found, "says what to do"


def test_the_command_carries_the_servers_and_no_secret(use: Use, monkeypatch: pytest.MonkeyPatch):
    use()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("JOB_LOST_SECONDS", "90")
    command = worker_command("gpu")
    assert SECRET not in command
    words = shlex.split(command.replace("\\\n", " "))
    assert words[:8] == [
        "PROOFSHEET_REMOTE=1",
        "DATABASE_URL=postgres://pat:PASSWORD@db.example.org:5433/sheets?sslmode=require",
        "CELERY_BROKER_URL=rediss://:PASSWORD@broker.example.org:6379/0?ssl_cert_reqs=required",
        f"STORAGE_URL={STORAGE}",
        "AWS_ACCESS_KEY_ID=KEY_ID",
        "AWS_SECRET_ACCESS_KEY=SECRET",
        "JOB_LOST_SECONDS=90",
        ".venv/bin/celery",
    ]
    assert words[words.index("--queues") + 1] == "gpu"
    assert words[words.index("--max-tasks-per-child") + 1] == "1"


def worker(env: dict[str, str], **more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "celery", "--app", "config", "worker", "--queues", "gpu"]
    return subprocess.Popen(
        [*command, "--concurrency", "1", "--pool", "solo", "--loglevel", "INFO"],
        env={**env, **more},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_remote_worker_that_could_share_nothing_ends(environment: dict[str, str]):
    path = redis_socket(ROOT)
    started = worker(environment, PROOFSHEET_REMOTE="1", CELERY_BROKER_URL=f"redis+socket://{path}")
    output, _nothing = started.communicate(timeout=60)
    assert started.returncode == 2
    (sentence,) = [line for line in output.splitlines() if line.startswith("proofsheet: ")]
    for part in ("an SQLite file", "one machine only (redis+socket)", "lie in a folder"):
        assert part in sentence
    assert "Traceback" not in output


def test_a_remote_worker_that_shares_all_starts(
    environment: dict[str, str], postgres_url: str, bucket_server: str
):
    shared = {"DATABASE_URL": postgres_url, "STORAGE_URL": storage_url(bucket_server), **KEYS}
    everything = {**environment, **shared}
    migrate = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(migrate, env=everything, cwd=ROOT, check=True)
    needs(shutil.which("redis-server") is not None, "redis-server")
    with redis() as broker:
        started = worker(everything, PROOFSHEET_REMOTE="1", CELERY_BROKER_URL=broker)
        assert started.stdout is not None
        try:
            seen = []
            for line in started.stdout:
                seen.append(line)
                if "ready." in line:
                    break
            assert "ready." in seen[-1], "".join(seen)
        finally:
            started.terminate()
            started.communicate(timeout=60)
