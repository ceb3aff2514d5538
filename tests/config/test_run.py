import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import processes
from config.processes import Child, Keeper
from tests.config.conftest import ROOT, wait_until
from tests.conftest import needs

COMMAND = [sys.executable, "-m", "config.run"]


class Run:
    """`make run` in a folder of its own, its output in a file."""

    def __init__(self, env: dict[str, str]) -> None:
        self.var = env["PROOFSHEET_VAR"]
        self.url = f"http://127.0.0.1:{env['PORT']}/"
        self.log = Path(self.var) / "output.txt"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                COMMAND, env=env, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )

    def says(self, text: str) -> bool:
        return wait_until(lambda: text in self.log.read_text() or self.process.poll() is not None)

    def started(self) -> str:
        self.says("Ctrl-C stops everything")
        assert self.process.poll() is None, self.log.read_text()
        return self.log.read_text()

    def members(self, of: str = "") -> dict[int, str]:
        """The living processes that work on this folder, by process id."""
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                environ = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_text()
            except (OSError, UnicodeDecodeError):
                continue
            if f"PROOFSHEET_VAR={self.var}\0".encode() in environ and of in command:
                found[int(entry.name)] = command
        return found

    def leader(self, of: str) -> int:
        (pid,) = [
            pid for pid in self.members(of) if os.getsid(pid) == pid and pid != self.process.pid
        ]
        return pid

    def nothing_is_left(self) -> bool:
        return wait_until(lambda: not self.members())


@pytest.fixture
def runs(environment: dict[str, str]) -> Iterator[list[Run]]:
    needs(Path("/proc/self/environ").exists(), "a /proc file system")
    started: list[Run] = []
    yield started
    for run in started:
        run.process.kill()
        run.process.wait()
        assert run.nothing_is_left()


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return int(answer.status)


def maps_torch(pid: int) -> bool:
    return "libtorch" in Path(f"/proc/{pid}/maps").read_text()


def test_first_start_second_start_and_ctrl_c(runs: list[Run], environment: dict[str, str]) -> None:
    runs.append(first := Run(environment))
    output = first.started()
    assert get(first.url) == 200
    assert len(re.findall(r"password (?:\w{4}-){3}\w{4} \(shown only this once\)", output)) == 1
    assert f"{first.url}dashboard/" in output
    assert not any(map(maps_torch, [first.process.pid, *first.members("gunicorn")]))
    other = subprocess.run(COMMAND, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert other.returncode == 2
    assert f"already runs on {first.var} (process {first.process.pid})" in other.stderr
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(timeout=60) == 0
    assert not first.members()

    runs.append(second := Run(environment))
    output = second.started()
    assert "password printed at the first start" in output
    assert "shown only this once" not in output
    assert "Traceback" not in output
    second.process.kill()
    second.process.wait()
    assert second.nothing_is_left()


def test_a_worker_that_dies_is_replaced_and_a_dead_web_server_ends_all(
    runs: list[Run], environment: dict[str, str]
) -> None:
    # An empty PATH: no redis-server.
    runs.append(run := Run({**environment, "PATH": ""}))
    assert f"folder {run.var}/broker" in run.started()
    assert wait_until(lambda: run.members("celery"))
    os.kill(run.leader("celery"), signal.SIGKILL)
    assert run.says("The worker ended (signal 9); it is started again in 1 s.")
    os.kill(run.leader("gunicorn"), signal.SIGKILL)
    assert run.process.wait(timeout=60) == 1
    assert "The web server ended by itself (signal 9); all is stopped." in run.log.read_text()
    assert not run.members()


def test_redis_that_does_not_start_is_replaced_by_a_folder(
    runs: list[Run], environment: dict[str, str], var: Path
) -> None:
    program = var / "redis-server"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    runs.append(run := Run({**environment, "PATH": f"{var}:{environment['PATH']}"}))
    output = run.started()
    assert "redis-server does not start" in output
    assert f"folder {var}/broker" in output
    for _ in range(2):
        run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "99999", "PORT is '99999'; allowed are whole numbers from 1 to 65535"),
        ("HOST", "203.0.113.1", "HOST is '203.0.113.1', which is no address of this machine"),
        ("DATABASE_URL", "foo://", "DATABASE_URL begins with 'foo'"),
        ("DATABASE_URL", "sqlite://:memory:", "DATABASE_URL is a database in memory"),
        ("DATABASE_URL", "postgres://u:p@127.0.0.1:1/x", "The database PostgreSQL, x on 127.0.0.1"),
        ("CELERY_BROKER_URL", "amqp://h", "CELERY_BROKER_URL is 'amqp://h'"),
        ("DJANGO_SETTINGS_MODULE", "config.settings.nope", "DJANGO_SETTINGS_MODULE is 'config"),
        ("PROOFSHEET_VAR", "/dev/null/x", "/dev/null/x cannot be used"),
    ],
)
def test_a_bad_setting_is_one_sentence(
    name: str, value: str, sentence: str, environment: dict[str, str]
) -> None:
    env = {**environment, name: value}
    done = subprocess.run(COMMAND, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith(f"proofsheet: {sentence}")
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_one_sentence(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        env = {**environment, "PORT": str(port)}
        done = subprocess.run(COMMAND, env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith(f"proofsheet: Port {port} is in use; stop the other program or")


def test_it_gives_up_a_worker_that_fails_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(processes.time, "monotonic", lambda: clock[0])
    program = shutil.which("false")
    needs(program is not None, "the program `false`")

    def start() -> Child:
        child = processes.child_start("worker", [str(program)], env={})
        child.process.wait()
        return child

    said: list[str] = []
    keeper = Keeper(start, said.append, start())
    for _ in range(40):
        keeper.tend()
        clock[0] += 1
    assert [line.split(" in ")[-1] for line in said[:-1]] == [f"{2**n} s." for n in range(5)]
    assert "ended 6 times in a row (exit code 1) and stays off" in said[-1]
