"""Real workers on the test's own database, with a broker of their own, that can be hurt."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import pytest
from celery import Celery
from django.core.files.storage import default_storage
from django.db import connection

from config.broker import broker_pick, redis_answers, redis_socket
from models_app.jobs import registry
from models_app.models import Job, JobArtifact, JobMetric
from models_app.services import jobs
from tests import counting
from tests.config.conftest import ROOT, wait_until
from tests.conftest import needs
from tests.factories import file_read

# Seconds; the shortest that settings allow.
QUICK = {"JOB_HEARTBEAT_SECONDS": "1", "JOB_LOST_SECONDS": "6", "JOB_RESEND_SECONDS": "2"}


def database_url() -> str:
    """Where this test's rows are, for another process."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    person = f"{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT'] or 5432}"
    return f"postgres://{person}/{values['NAME']}"


def storage() -> dict[str, str]:
    """Where this test's files are, for another process."""
    found = str(default_storage.location)
    url = os.environ.get("STORAGE_URL")
    if not url:
        return {"MEDIA_ROOT": found}
    # Of several test processes each has a folder of its own in the bucket.
    return {"STORAGE_URL": urlsplit(url)._replace(path=f"/{found}").geturl()}


class Site:
    """A broker and workers."""

    def __init__(self, var: Path, broker: str) -> None:
        self.var = var
        self.kind = broker
        self.processes: list[subprocess.Popen[bytes]] = []
        self.redis: subprocess.Popen[bytes] | None = None
        self.broker_start()
        asked = None if broker == "redis" else "filesystem://"
        chosen = broker_pick(asked, var=var, start=False)
        self.env = {
            **os.environ, **QUICK, "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "PROOFSHEET_VAR": str(var), "PROOFSHEET_TEST_COUNTING": "1",
            "DATABASE_URL": database_url(), "CELERY_BROKER_URL": chosen.url, **storage(),
        }  # fmt: skip
        self.app = Celery(broker=chosen.url, set_as_current=False)
        self.app.conf.broker_transport_options = chosen.transport_options
        self.app.conf.task_publish_retry = False
        self.app.conf.broker_connection_timeout = 1

    def broker_start(self) -> None:
        if self.kind == "redis":
            command = broker_pick(None, var=self.var, start=True).server_command
            self.redis = subprocess.Popen(command)
            assert wait_until(lambda: redis_answers(redis_socket(self.var)))

    def broker_lose(self) -> None:
        """Kill the broker with all it knows."""
        if self.redis is None:
            for path in (self.var / "broker" / "queue").glob("*"):
                path.unlink(missing_ok=True)
            return
        self.redis.kill()
        self.redis.wait()
        shutil.rmtree(self.var / "redis")
        redis_socket(self.var).unlink(missing_ok=True)

    def worker(self, *, slots: int = 1, **env: str) -> subprocess.Popen[bytes]:
        path = self.var / f"worker-{len(self.processes)}.log"
        with path.open("wb") as log:
            process = self._worker(slots, env, log)
        self.processes.append(process)
        return process

    def _worker(self, slots: int, env: dict[str, str], log: BinaryIO) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [
                sys.executable, "-W", "ignore", "-m", "celery", "-A", "config", "-q", "worker",
                "-Q", "cpu", "-c", str(slots), "-l", "WARNING", "-I", "tests.counting,tests.skewed",
                "--without-gossip", "--without-mingle", "-n", f"w{len(self.processes)}@%h",
            ],
            env={**self.env, **env}, cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.var.glob("worker-*.log")))

    def close(self) -> None:
        for process in self.processes:
            kill_group(process)
        if self.redis is not None:
            self.redis.kill()
            self.redis.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a worker and all of its pool at once, as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(params=["redis", pytest.param("folder", marks=pytest.mark.slow)])
def site(
    request: pytest.FixtureRequest,
    transactional_db: None,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    if request.param == "redis":
        needs(shutil.which("redis-server") is not None, "redis-server")
    made = Site(tmp_path_factory.mktemp("s"), request.param)
    monkeypatch.setattr(registry, "REGISTRY", counting.registered())
    for module in (registry, jobs):
        monkeypatch.setattr(module, "kind_get", counting.kind_of)
    monkeypatch.setattr(jobs, "current_app", made.app)
    yield made
    made.close()


class Ledger:
    """What was really counted, by whichever worker, however often."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def go(self) -> None:
        """Let jobs go on that hold at a number."""
        counting.held(self.path).touch()

    def counted(self, job: Job) -> list[int]:
        if not self.path.exists():
            return []
        lines = (line.split() for line in self.path.read_text().splitlines())
        return [int(number) for pk, number in lines if int(pk) == job.pk]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


@pytest.fixture
def launch(site: Site, ledger: Ledger) -> Callable[..., Job]:
    def make(to: int = 40, pause_ms: int = 100, **config: object) -> Job:
        values = {"to": to, "pause_ms": pause_ms, "ledger": str(ledger.path), **config}
        return jobs.job_create(counting.KEY, values)

    return make


def reach(job: Job, ledger: Ledger, number: int) -> None:
    assert wait_until(lambda: number in ledger.counted(job), seconds=120)


def ends(site: Site, job: Job, state: str = "succeeded", *, seconds: float = 120) -> Job:
    wait_until(lambda: Job.objects.get(pk=job.pk).is_over, seconds=seconds)
    job.refresh_from_db()
    assert job.state == state, (job.state, job.error, job.log, site.logs())
    return job


def right(job: Job) -> None:
    """One point a step, one artifact with the right bytes, nothing claimed any more."""
    to = job.config["to"]
    steps = JobMetric.objects.filter(series__job=job).order_by("step")
    assert list(steps.values_list("step", "value")) == [(n, float(n)) for n in range(to)]
    artifact = JobArtifact.objects.get(job=job)
    assert file_read(artifact.file) == f"{to}\n".encode()
    assert (job.lease, job.done, job.result) == ("", to, {"counted": to})
