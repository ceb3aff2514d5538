import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from config.broker import broker_pick, redis_answers, redis_socket
from tests.config.broker_task import NAME
from tests.config.conftest import ROOT, wait_until
from tests.conftest import needs


@contextmanager
def running(*command: str, env: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=env, cwd=ROOT)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            # Seen once on a busy machine; how a worker stops is not what is tested here.
            process.kill()
            process.wait()


@contextmanager
def broker_of_kind(kind: str, var: Path, env: dict[str, str]) -> Iterator[str]:
    """Set the broker up as its user would, and say how the settings are told of it."""
    if kind == "folder":
        yield "filesystem://localhost"
        return
    needs(shutil.which("redis-server") is not None, "redis-server")
    home = var if kind == "private" else var / "elsewhere"
    path = redis_socket(home)
    with running(*broker_pick(None, var=home, start=True).server_command, env=env):
        assert wait_until(lambda: redis_answers(path))
        # The private one is found by its socket.
        yield "" if kind == "private" else f"redis+socket://{path}"


@pytest.mark.parametrize("kind", ["asked", "private", "folder"])
def test_a_task_sent_through_each_broker_is_run_by_a_worker(
    kind: str, var: Path, environment: dict[str, str]
) -> None:
    mark = var / "mark"
    with ExitStack() as stack:
        url = stack.enter_context(broker_of_kind(kind, var, environment))
        env = {**environment, "CELERY_BROKER_URL": url}
        stack.enter_context(
            running(
                *(sys.executable, "-m", "celery", "-A", "config", "-q", "worker"),
                *("-Q", "cpu", "-c", "1", "-l", "ERROR", "-I", "tests.config.broker_task"),
                env=env,
            )
        )
        send = f"from config import celery_app; celery_app.send_task({NAME!r}, {(str(mark), kind)})"
        subprocess.run([sys.executable, "-c", send], env=env, cwd=ROOT, check=True, timeout=60)
        assert wait_until(mark.exists)
        assert wait_until(lambda: mark.read_text() == kind)


def test_the_run_command_starts_redis_where_it_is_installed(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    broker = broker_pick(None, var=var, start=True)
    assert broker.url == f"redis+socket://{redis_socket(var)}"
    assert broker.server_command[:3] == ("/usr/bin/redis-server", "--port", "0")


def test_others_only_join_a_redis_that_is_there(var: Path) -> None:
    assert broker_pick(None, var=var, start=False).url.startswith("filesystem://")
    redis_socket(var).parent.mkdir(parents=True)
    redis_socket(var).touch()
    broker = broker_pick(None, var=var, start=False)
    assert broker.url == f"redis+socket://{redis_socket(var)}"
    assert broker.server_command == ()


@pytest.mark.parametrize("long", [True, False])
def test_a_folder_is_the_broker_without_redis_or_with_a_long_path(
    long: bool, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if long else None)
    folder = var / ("x" * 100) if long else var
    broker = broker_pick(None, var=folder, start=True)
    assert broker.url.startswith("filesystem://")
    assert Path(broker.transport_options["data_folder_in"]).is_dir()


def test_the_label_shows_no_password(var: Path) -> None:
    broker = broker_pick("redis://:secret@example.org:6379/0", var=var, start=True)
    assert "secret" not in broker.label
    assert "example.org" in broker.label


def test_a_file_that_nobody_listens_on_does_not_answer(var: Path) -> None:
    path = redis_socket(var)
    path.parent.mkdir(parents=True)
    path.touch()
    assert not redis_answers(path)
