"""A job from claim to end, in this process."""

import hashlib
import math
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from models_app.errors import JobHandedBack
from models_app.jobs import context as contexts
from models_app.jobs import runner, signals
from models_app.jobs.context import Context
from models_app.models import Job, JobArtifact, JobMetric
from models_app.services import jobs, leases
from tests import counting
from tests.config.conftest import ROOT
from tests.factories import file_read
from tests.jobs import work_all, workers_die
from tests.models_app.jobs.curves import points

pytestmark = pytest.mark.django_db


def test_a_job_runs_to_its_end(launch):
    job = launch(25)
    assert work_all() == 1
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.seed, job.device) == (
        "succeeded", 25, 25, 7, "cpu"
    )  # fmt: skip
    assert job.result == {"counted": 25}
    assert (job.lease, job.resume, job.error, job.stage) == ("", {}, "", "")
    assert job.finished_at >= job.started_at
    assert job.worked_s > 0
    assert {"proofsheet", "python", "django", "torch"} <= job.versions.keys()
    assert "attempt 1 on " in job.log
    assert points() == [(n, float(n)) for n in range(25)]
    artifact = JobArtifact.objects.get()
    assert (artifact.name, artifact.bytes) == ("numbers.txt", 3)
    assert file_read(artifact.file) == b"25\n"
    assert artifact.sha256 == hashlib.sha256(b"25\n").hexdigest()


def test_a_refusal_is_told_as_it_is(launch):
    launch(5, at=2, happens="refuse")
    work_all()
    job = Job.objects.get()
    assert (job.state, job.error) == (
        "failed", "It will not count further; choose a smaller number."
    )  # fmt: skip


def test_an_unforeseen_error_names_itself_and_the_log_says_where(launch):
    launch(5, at=2, happens="raise")
    work_all()
    job = Job.objects.get()
    assert job.state == "failed"
    assert job.error == "The worker failed (KeyError: 'unforeseen'); the log says more."
    assert "Traceback" in job.log
    # What was reported before is kept.
    assert [step for step, _value in points()] == [0, 1]


def test_too_little_memory_is_a_sentence(launch):
    launch(5, at=2, happens="memory")
    work_all()
    assert Job.objects.get().error.startswith("There was not enough memory; make the batch")


def test_a_failed_job_goes_on_where_it_saved(launch, tmp_path: Path):
    ledger = tmp_path / "ledger"
    job = launch(20, at=15, happens="raise", ledger=str(ledger))
    work_all()
    jobs.job_resume(job)
    work_all()
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("succeeded", 2)
    counted = [int(line.split()[1]) for line in ledger.read_text().splitlines()]
    assert counted == [*range(15), *range(10, 20)]
    # Steps that were done twice have one point.
    assert [step for step, _value in points()] == list(range(20))


def test_a_cancelled_job_keeps_what_it_saved_and_goes_on(launch, monkeypatch):
    job = launch(30, save_every=5)
    real = Context.save

    def save_then_cancel(self: Context, **resume: int) -> None:
        real(self, **resume)
        if resume["next"] == 10:
            jobs.job_cancel(job)
            self.flush()

    monkeypatch.setattr(Context, "save", save_then_cancel)
    work_all()
    job.refresh_from_db()
    assert (job.state, job.done, job.resume) == ("cancelled", 10, {"next": 10})
    jobs.job_resume(job)
    monkeypatch.setattr(Context, "save", real)
    work_all()
    job.refresh_from_db()
    assert (job.state, job.done) == ("succeeded", 30)
    assert len(points()) == 30


def test_a_worker_that_goes_down_hands_its_job_back(launch, monkeypatch):
    job = launch(30)
    monkeypatch.setattr(contexts, "going_down", lambda: True)
    assert runner.work_next("cpu", beating=False)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.crashes) == ("queued", 1, 0)
    assert "the worker goes down" in job.log
    monkeypatch.setattr(contexts, "going_down", lambda: False)
    work_all()
    assert Job.objects.get().state == "succeeded"


def test_a_stop_is_seen_by_every_process_of_a_worker():
    program = (
        "import os, sys\n"
        "from models_app.jobs.signals import go_down, going_down\n"
        "there, back = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.read(there, 1)\n"
        "    os._exit(going_down())\n"
        "go_down()\n"
        "os.write(back, b'x')\n"
        "sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 1
    assert signals.going_down() is False


def test_what_cannot_be_stored_is_replaced_or_told_and_the_job_ends(launch, monkeypatch):
    job = launch(1)

    def odd(self: counting.Counting, config: object, context: Context) -> None:
        context.log("half \udc80 and \0 none")
        context.metric("long " * 40, 1, 1.0)
        context.result(share=math.nan)

    monkeypatch.setattr(counting.Counting, "run", odd)
    work_all()
    job.refresh_from_db()
    # No figure is better than a job that seems to have none.
    assert (job.state, job.result) == ("failed", {})
    assert job.error.startswith("The worker failed (")


def test_who_gets_further_is_forgiven_its_dead_workers(launch):
    launch(30)
    for number in range(4):
        job = leases.job_claim("cpu", worker="w")
        Context(job).save(next=number + 1)
        workers_die()
        assert leases.jobs_reconcile().resumed == 1
    assert (Job.objects.get().crashes, Job.objects.get().attempt) == (1, 5)


def test_a_full_disk_of_the_database_is_said(launch, monkeypatch):
    launch()

    def full(*_job: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(counting.Counting, "run", full)
    work_all()
    job = Job.objects.get()
    assert job.error == ("The disk of the database is full; free some space, then resume the job.")


def test_a_job_of_a_kind_that_is_no_more_fails_in_words(launch):
    launch()
    Job.objects.update(kind="gone")
    work_all()
    assert Job.objects.get().error.startswith("'gone' is no kind of job; allowed are: ")


def test_a_stored_configuration_is_checked_again(launch):
    launch()
    Job.objects.update(config={"to": 5, "new": 1})
    work_all()
    assert Job.objects.get().error.startswith("'new' is no option here; allowed are: to,")


def test_a_database_that_goes_away_is_waited_for(launch, monkeypatch):
    job = launch()
    claimed = leases.job_claim("cpu", worker="w")
    context = Context(claimed)
    context.progress(3)
    context.metric("loss", 1, 0.5)
    real = leases.job_beat

    def away(*_job: object, **_values: object) -> bool:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(leases, "job_beat", away)
    with pytest.raises(OperationalError):
        context.flush()
    monkeypatch.setattr(leases, "job_beat", real)
    context.progress(4)
    context.flush()
    job.refresh_from_db()
    assert job.done == 4
    assert points("loss") == [(1, 0.5)]


@pytest.mark.django_db(transaction=True)
def test_the_thread_reports_while_the_work_does_not(launch, monkeypatch):
    monkeypatch.setattr(runner, "TICK_S", 0.02)
    job = launch(1)
    seen = threading.Event()

    def wait_for_report(self: counting.Counting, config: object, context: Context) -> None:
        context.progress(1, 2)
        context.metric("loss", 1, 0.25)
        for _look in range(6000):
            if JobMetric.objects.exists() and Job.objects.filter(pk=job.pk, total=2).exists():
                seen.set()
                return
            threading.Event().wait(0.01)

    monkeypatch.setattr(counting.Counting, "run", wait_for_report)
    assert runner.work_next("cpu")
    assert seen.is_set()


@pytest.mark.django_db(transaction=True)
def test_a_lost_lease_ends_the_work_and_changes_nothing(launch, monkeypatch):
    monkeypatch.setattr(runner, "TICK_S", 0.02)
    job = launch(1)

    def robbed(self: counting.Counting, config: object, context: Context) -> None:
        Job.objects.filter(pk=job.pk).update(lease="another", worker="another")
        for _look in range(6000):
            context.check()
            threading.Event().wait(0.01)

    monkeypatch.setattr(counting.Counting, "run", robbed)
    assert runner.work_next("cpu")
    job.refresh_from_db()
    assert (job.state, job.lease, job.worker) == ("running", "another", "another")
    connection.close()


def test_being_handed_back_can_change_the_job():
    assert JobHandedBack("why", priority=0).values == {"priority": 0}
