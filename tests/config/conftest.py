import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a name short enough for a unix socket."""
    return tmp_path_factory.mktemp("v")


@pytest.fixture
def environment(var: Path) -> dict[str, str]:
    """What a developer's shell has, without anything that names a broker, port or database."""
    dropped = {"CELERY_BROKER_URL", "DATABASE_URL", "HOST", "ALLOWED_HOSTS", "MEDIA_ROOT"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "PROOFSHEET_VAR": str(var),
        "PORT": str(free_port()),
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(happened: Callable[[], object], *, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
