import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests import servers
from tests.conftest import needs
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
NAMED = {
    *("CELERY_BROKER_URL", "DATABASE_URL", "STORAGE_URL", "MEDIA_ROOT", "HOST", "ALLOWED_HOSTS"),
    *("SECRET_KEY", "PROOFSHEET_REMOTE", "BACKUP_BEFORE_MIGRATE"),
}


@pytest.fixture
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a name short enough for a unix socket."""
    return tmp_path_factory.mktemp("v")


@pytest.fixture
def environment(var: Path) -> dict[str, str]:
    """What a developer's shell has, without anything that names a server, port or folder."""
    kept = {name: value for name, value in os.environ.items() if name not in NAMED}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "PROOFSHEET_VAR": str(var),
        "PORT": str(free_port()),
    }


def wait_until(happened: Callable[[], object], *, seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[str]:
    """moto's S3 for all tests of this run; the endpoint's URL."""
    with ExitStack() as stack:
        try:
            endpoint = stack.enter_context(servers.bucket_server())
        except servers.Missing as missing:
            needs(False, str(missing))
        yield endpoint


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL of our own for all tests of this run; the URL of its first database."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(servers.postgres())
        except servers.Missing as missing:
            needs(False, str(missing))
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The DATABASE_URL of an empty PostgreSQL database."""
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as opened:
        opened.execute(f"CREATE DATABASE {name}")
    return f"{postgres_server.rpartition('/')[0]}/{name}"
