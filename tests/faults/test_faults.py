"""Whatever happens to workers, broker, database and disk: each job ends once, with one result."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from models_app.models import Job, Worker
from models_app.services import jobs
from tests.config.conftest import wait_until
from tests.conftest import needs
from tests.faults.conftest import QUICK, Ledger, Site, ends, kill_group, reach, right

pytestmark = pytest.mark.timeout(600)
# Between two saves, however late this process gets to do its harm.
HELD = {"at": 15, "happens": "hold"}


def pool_process(job: Job) -> int:
    return int(Job.objects.get(pk=job.pk).worker.split("/")[2])


def test_a_killed_pool_process_is_replaced_and_goes_on_from_the_last_save(
    site: Site, launch, ledger: Ledger
):
    site.worker()
    job = launch(to=30, **HELD)
    reach(job, ledger, 14)
    os.kill(pool_process(job), signal.SIGKILL)
    right(ends(site, job))
    # It got further after that, so the death is forgiven.
    assert (job.attempt, job.crashes) == (2, 0)
    counted = ledger.counted(job)
    assert set(counted) == set(range(30))
    assert counted.count(9) == 1
    assert counted.count(10) == 2


def test_a_killed_worker_s_job_is_finished_by_another(site: Site, launch, ledger: Ledger):
    first = site.worker()
    job = launch(to=30, **HELD)
    reach(job, ledger, 14)
    kill_group(first)
    site.worker()
    right(ends(site, job))
    # It got further after that, so the death is forgiven.
    assert (job.attempt, job.crashes) == (2, 0)
    assert ledger.counted(job).count(9) == 1


def test_a_killed_worker_s_job_is_taken_over_by_one_that_runs(site: Site, launch, ledger: Ledger):
    workers = {str(process.pid): process for process in (site.worker(), site.worker())}
    job = launch(to=30, **HELD)
    reach(job, ledger, 14)
    kill_group(workers[Job.objects.get(pk=job.pk).worker.split("/")[1].split("-")[0]])
    right(ends(site, job))
    # It got further after that, so the death is forgiven.
    assert (job.attempt, job.crashes) == (2, 0)
    assert ledger.counted(job).count(9) == 1


def test_a_job_that_kills_every_worker_is_given_up(site: Site, launch, ledger: Ledger):
    site.worker()
    job = launch(to=30, pause_ms=0, at=15, happens="die", always=True)
    other = launch(to=3)
    ends(site, job, "failed")
    assert job.crashes == 3
    assert job.error.startswith("3 workers died over this job")
    right(ends(site, other))


def test_a_worker_told_to_stop_saves_and_hands_back(site: Site, launch, ledger: Ledger):
    first = site.worker()
    job = launch(to=40, **HELD)
    reach(job, ledger, 14)
    first.terminate()
    assert first.wait(timeout=120) == 0
    job.refresh_from_db()
    assert (job.state, job.attempt, job.crashes) == ("queued", 1, 0)
    assert not Worker.objects.exists()
    ledger.go()
    site.worker()
    right(ends(site, job))
    assert job.crashes == 0


def test_a_cancelled_job_stops_and_goes_on_when_it_is_resumed(site: Site, launch, ledger: Ledger):
    site.worker()
    job = launch(to=40, **HELD)
    reach(job, ledger, 14)
    assert jobs.job_cancel(job)
    ends(site, job, "cancelled")
    assert job.resume["next"] == 10
    ledger.go()
    jobs.job_resume(job)
    right(ends(site, job))
    assert ledger.counted(job).count(9) == 1


def test_an_emptied_broker_costs_a_delay(site: Site, launch):
    waiting = [launch(to=3, pause_ms=0) for _job in range(5)]
    site.broker_lose()
    site.broker_start()
    site.worker()
    for job in waiting:
        right(ends(site, job))


def test_a_broker_that_dies_under_a_job_does_not_touch_it(site: Site, launch, ledger: Ledger):
    site.worker()
    job = launch(to=40, **HELD)
    reach(job, ledger, 5)
    site.broker_lose()
    late = launch(to=3)
    time.sleep(1)
    site.broker_start()
    ledger.go()
    right(ends(site, job))
    assert job.attempt == 1
    right(ends(site, late))


@contextmanager
def database_away() -> Iterator[None]:
    """Nobody but this process gets anything written meanwhile."""
    if connection.vendor == "sqlite":
        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=20)
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")
        other.close()
        return
    # As a server that restarts: connections break, and new ones are refused.
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (mine,) = cursor.fetchone()
    with connection._nodb_cursor() as outside:
        outside.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        outside.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = %s AND pid <> %s",
            [connection.settings_dict["NAME"], mine],
        )
        yield
        outside.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_a_database_that_is_briefly_away_costs_a_delay(site: Site, launch, ledger: Ledger):
    site.worker()
    job = launch(to=40, **HELD)
    reach(job, ledger, 14)
    with database_away():
        # Longer than a silent worker may be.
        time.sleep(int(QUICK["JOB_LOST_SECONDS"]) + 1)
    ledger.go()
    right(ends(site, job))
    assert job.crashes <= 1
    assert ledger.counted(job).count(9) == 1


def test_a_full_disk_is_one_sentence_and_the_job_goes_on_later(
    site: Site, launch, ledger: Ledger, tmp_path: Path, settings
):
    needs(os.geteuid() == 0 and shutil.which("mount") is not None, "a small disk (root)")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    needs(subprocess.run(mount, capture_output=True).returncode == 0, "mount")
    try:
        filler = disk / "filler"
        with pytest.raises(OSError, match="No space"):
            filler.write_bytes(bytes(1 << 20))
        settings.MEDIA_ROOT = disk
        site.worker(MEDIA_ROOT=str(disk), STORAGE_URL="")
        job = launch(to=12, pause_ms=0)
        ends(site, job, "failed")
        assert job.error == "The disk is full; free some space, then resume the job."
        filler.unlink()
        jobs.job_resume(job)
        ends(site, job)
        assert (disk / job.artifacts.get().file).read_bytes() == b"12\n"
        assert [path for path in disk.rglob("*") if path.is_file()] == [
            disk / job.artifacts.get().file
        ]
        # What was counted before the disk was full is not counted again.
        assert ledger.counted(job).count(9) == 1
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_many_jobs_and_racing_workers_do_each_once(site: Site, launch, ledger: Ledger):
    for _worker in range(2):
        site.worker(slots=2)
    many = [launch(to=2, pause_ms=0) for _job in range(200)]
    # A broker that delivers twice.
    for _again in range(50):
        jobs._send("cpu", 1)
    assert wait_until(lambda: Job.objects.filter(state="succeeded").count() == 200, seconds=300), (
        Counter(Job.objects.values_list("state", flat=True)),
        site.logs(),
    )
    assert all(sorted(ledger.counted(job)) == [0, 1] for job in many)
    assert set(Job.objects.values_list("attempt", "crashes")) == {(1, 0)}
    for job in Job.objects.order_by("?")[:10]:
        right(job)


def test_clocks_that_differ_do_no_harm(site: Site, launch, ledger: Ledger):
    job = launch(to=30, **HELD)
    site.worker(PROOFSHEET_TEST_SKEW="86400")
    reach(job, ledger, 5)
    # Its clock says that the other one has not been heard of for a day.
    site.worker()
    other = launch(to=10)
    right(ends(site, other))
    ledger.go()
    right(ends(site, job))
    assert (job.attempt, other.attempt) == (1, 1)
    assert (job.finished_at - job.started_at).total_seconds() < 3600
