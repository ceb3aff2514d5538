"""Claiming, beating, ending; and what is done about workers that died."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from celery import current_app
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from models_app.errors import JobConflict, JobInvalid, LeaseLost
from models_app.models import Job, JobArtifact, JobMetric, Worker
from models_app.services import job_records, jobs, leases, workers
from survey.models import AuditEntry
from tests.jobs import work_all, workers_die

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    """The hints that went to the broker."""
    sent: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda task, queue: sent.append(task))
    return sent


def claim() -> Job | None:
    return leases.job_claim("cpu", worker="w/1/2")


def test_the_most_urgent_goes_first_then_the_oldest(launch):
    first, second, urgent = launch(), launch(), launch(priority=5)
    assert [claim().pk for _each in range(3)] == [urgent.pk, first.pk, second.pk]
    assert claim() is None


def test_a_queue_gives_its_own_jobs_only(launch):
    gpu = launch(queue="gpu")
    assert claim() is None
    assert leases.job_claim("gpu", worker="w").pk == gpu.pk


def test_a_claim_says_who_and_when(launch):
    job = launch()
    claimed = claim()
    assert (claimed.pk, claimed.state, claimed.worker, len(claimed.lease)) == (
        job.pk, "running", "w/1/2", 32
    )  # fmt: skip
    assert claimed.started_at == claimed.claimed_at == claimed.heartbeat_at


@pytest.mark.django_db(transaction=True)
def test_workers_racing_for_one_job_get_it_once(launch):
    launch()

    def race(_worker: int) -> int | None:
        job = claim()
        connection.close()
        return job and job.pk

    with ThreadPoolExecutor(8) as pool:
        won = [pk for pk in pool.map(race, range(8)) if pk]
    assert len(won) == 1


@pytest.mark.django_db(transaction=True)
def test_workers_racing_for_many_jobs_get_each_once(launch):
    wanted = {launch().pk for _job in range(20)}

    def race(_worker: int) -> list[int]:
        got = []
        while (job := claim()) is not None:
            got.append(job.pk)
        connection.close()
        return got

    with ThreadPoolExecutor(4) as pool:
        got = [pk for each in pool.map(race, range(4)) for pk in each]
    assert len(got) == 20
    assert set(got) == wanted


def test_the_hint_goes_out_when_the_row_is_there(launch, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        launch()
        assert sent == []
    assert sent == ["models_app.cpu.work"]


def test_without_a_broker_the_job_waits(launch, monkeypatch, django_capture_on_commit_callbacks):
    def no_broker(*_message: object, **_options: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", no_broker)
    with django_capture_on_commit_callbacks(execute=True):
        launch()
    assert Job.objects.get().state == "queued"


def test_a_lost_hint_is_sent_again_once(launch, sent, settings, django_capture_on_commit_callbacks):
    job = launch()
    assert leases.jobs_reconcile().sent == 0
    late = timedelta(seconds=settings.JOB_RESEND_S + 1)
    Job.objects.filter(pk=job.pk).update(sent_at=job.sent_at - late)
    with django_capture_on_commit_callbacks(execute=True):
        assert leases.jobs_reconcile().sent == 1
        assert leases.jobs_reconcile().sent == 0
    assert sent == ["models_app.cpu.work"]
    # And again, also for one that was handed back, whose time the database wrote.
    leases.job_hand_back(claim(), worked_s=0)
    Job.objects.update(sent_at=F("sent_at") - late)
    assert leases.jobs_reconcile().sent == 1
    Job.objects.update(sent_at=F("sent_at") - late)
    assert leases.jobs_reconcile().sent == 1


def test_many_jobs_behind_a_busy_worker_are_one_hint(launch, settings):
    for _job in range(20):
        launch()
    late = timedelta(seconds=settings.JOB_RESEND_S + 1)
    Job.objects.update(sent_at=F("sent_at") - late)
    assert leases.jobs_reconcile().sent == 1
    for number in range(3):
        workers.worker_beat(f"w/{number}", host="w", queues="cpu", slots=1)
    Job.objects.update(sent_at=F("sent_at") - late)
    assert leases.jobs_reconcile().sent == 3


def test_a_job_that_is_cancelled_while_it_is_handed_back_is_cancelled(launch):
    job = launch()
    claimed = claim()
    assert jobs.job_cancel(job) is True
    leases.job_hand_back(claimed, worked_s=1)
    assert Job.objects.get().state == "cancelled"
    assert claim() is None


def test_a_dead_worker_s_job_queues_again_and_the_dead_one_writes_nothing(launch):
    launch()
    dead = claim()
    assert leases.jobs_reconcile().resumed == 0
    workers_die()
    assert leases.jobs_reconcile().resumed == 1
    alive = claim()
    assert (alive.pk, alive.attempt, alive.crashes) == (dead.pk, 2, 1)
    assert alive.log.endswith(" the worker w/1/2 died, or went silent")
    for write in (
        lambda: leases.job_beat(dead, done=9),
        lambda: leases.job_end(dead, "succeeded", worked_s=1),
        lambda: leases.job_hand_back(dead, worked_s=1),
        lambda: job_records.metrics_record(dead, [("loss", 1, 0.5)]),
        lambda: job_records.artifact_store(dead, "a.txt", b"a", content_type="text/plain"),
    ):
        with pytest.raises(LeaseLost):
            write()
    alive.refresh_from_db()
    assert (alive.state, alive.done) == ("running", 0)
    assert not JobMetric.objects.exists()
    assert not JobArtifact.objects.exists()


def test_three_dead_workers_are_enough(launch):
    launch()
    for _worker in range(2):
        claim()
        workers_die()
        assert leases.jobs_reconcile().resumed == 1
    claim()
    workers_die()
    assert leases.jobs_reconcile().failed == 1
    job = Job.objects.get()
    assert (job.state, job.crashes) == ("failed", 3)
    assert job.error.startswith("3 workers died over this job")
    jobs.job_resume(job)
    assert (claim().crashes, claim()) == (0, None)


def test_a_dead_worker_s_cancelled_job_is_cancelled(launch):
    job = launch()
    claim()
    assert jobs.job_cancel(job) is True
    workers_die()
    assert leases.jobs_reconcile().cancelled == 1
    assert Job.objects.get().state == "cancelled"


def test_a_dead_process_s_job_is_taken_back_at_once(launch):
    launch()
    job = claim()
    assert leases.jobs_take_back(Q(pk=job.pk, lease="another")) == leases.Reconciled()
    assert leases.jobs_take_back(Q(pk=job.pk, lease=job.lease)).resumed == 1


def test_a_clock_that_is_wrong_here_changes_nothing(launch, monkeypatch):
    launch()
    job = claim()
    real = timezone.now

    def tomorrow() -> datetime:
        return real() + timedelta(days=1)

    monkeypatch.setattr(timezone, "now", tomorrow)
    leases.job_beat(job)
    assert leases.jobs_reconcile() == leases.Reconciled()
    assert abs(Job.objects.get().heartbeat_at - real()) < timedelta(hours=1)


def test_cancelling_a_queued_job_is_at_once_and_only_once(launch):
    job = launch()
    assert jobs.job_cancel(job) is True
    assert jobs.job_cancel(job) is False
    assert Job.objects.get().state == "cancelled"
    assert claim() is None


def test_only_what_ended_badly_is_resumed(launch):
    job = launch()
    with pytest.raises(JobConflict, match=r"is queued; only cancelled and failed jobs"):
        jobs.job_resume(job)
    work_all()
    with pytest.raises(JobConflict, match="is succeeded"):
        jobs.job_resume(job)


def test_a_clone_takes_the_configuration_with_changes(launch):
    job = launch(9, pause_ms=1)
    clone = jobs.job_clone(job, {"to": 3})
    assert (clone.cloned_from, clone.config["to"], clone.config["pause_ms"]) == (job, 3, 1)
    with pytest.raises(JobInvalid, match="to is -1; allowed are numbers from 0 to 1000000"):
        jobs.job_clone(job, {"to": -1})


def test_a_job_is_deleted_with_all_it_left_when_it_is_over(launch, tmp_path):
    from django.core.files.storage import default_storage

    job = launch()
    with pytest.raises(JobConflict, match="is queued; cancel it first"):
        jobs.job_delete(job)
    work_all()
    file = JobArtifact.objects.get().file
    assert default_storage.exists(file)
    jobs.job_delete(job)
    assert not Job.objects.exists()
    assert not JobMetric.objects.exists()
    assert not default_storage.exists(file)
    jobs.job_delete(job)


def test_what_people_do_is_in_the_audit_trail(launch, django_user_model):
    ada = django_user_model.objects.create_superuser("ada", password="pw")
    job = launch(by=ada)
    jobs.job_cancel(job, by=ada)
    jobs.job_cancel(job, by=ada)
    jobs.job_resume(job, by=ada)
    jobs.job_cancel(job, by=ada)
    jobs.job_delete(job, by=ada)
    trail = AuditEntry.objects.order_by("pk").values_list("action", "actor_name", "target_id")
    assert list(trail) == [
        (f"job.{action}", "ada", str(job.pk))
        for action in ("launch", "cancel", "resume", "cancel", "delete")
    ]


def test_a_worker_is_listed_while_it_lives():
    for _beat in range(2):
        workers.worker_beat("host/1", host="host", queues="cpu,gpu", slots=2)
    worker = Worker.objects.get()
    assert (worker.queues, worker.slots, worker.memory_total > 0) == ("cpu,gpu", 2, True)
    assert worker.device
    Worker.objects.update(beat_at=timezone.now() - timedelta(days=2))
    workers.worker_beat("host/2", host="host", queues="cpu", slots=1)
    assert [each.name for each in Worker.objects.all()] == ["host/2"]
    workers.worker_leave("host/2")
    assert not Worker.objects.exists()
