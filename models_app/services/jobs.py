"""What people do with jobs: launch, cancel, resume, clone, delete."""

import logging
from collections.abc import Mapping
from typing import Any

from celery import current_app
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from models_app.clock import db_now
from models_app.errors import JobConflict
from models_app.jobs.config import config_dump, config_load
from models_app.jobs.registry import kind_get
from models_app.models import Job, JobMetric, StudyPart
from survey.services.audit import audit_record

logger = logging.getLogger(__name__)

# Queue -> the task that takes its next job.
TASKS = {Job.Queue.CPU: "models_app.cpu.work", Job.Queue.GPU: "models_app.gpu.work"}
State = Job.State


@transaction.atomic
def job_create(
    kind: str,
    config: Mapping[str, Any],
    *,
    by: User | None = None,
    queue: str | None = None,
    priority: int | None = None,
    cloned_from: Job | None = None,
    audited: bool = True,
) -> Job:
    """Check a configuration and queue it; the hint to a worker goes out on commit.

    `by` None is the command line; `audited` False is for what nobody asked for by itself, as a
    survey's rendering. Raises JobInvalid.
    """
    worker = kind_get(kind)
    checked = config_load(worker.config_type, config)
    plan = worker.plan(checked)
    now = db_now()
    job = Job.objects.create(
        kind=kind,
        label=plan.label[:200],
        config=config_dump(checked),
        queue=queue or plan.queue,
        priority=plan.priority if priority is None else priority,
        total=plan.total,
        seed=plan.seed,
        dataset=plan.dataset,
        checkpoint=plan.checkpoint,
        created_at=now,
        queued_at=now,
        sent_at=now,
        created_by=by,
        cloned_from=cloned_from,
    )
    if audited:
        _audit(by, "job.launch", job, detail={"config": job.config})
    hint_send(job.queue)
    return job


@transaction.atomic
def job_cancel(job: Job, *, by: User | None = None) -> bool:
    """Cancel a queued job at once, ask a running one to stop; False where it was over or asked.

    A running job keeps what it saved and ends as cancelled at its next pause.
    """
    # Locked: a worker that hands it back between two looks would be missed by both.
    Job.objects.select_for_update().filter(pk=job.pk).values_list("pk").first()
    mine = Job.objects.filter(pk=job.pk, cancel_requested_at=None)
    done = mine.filter(state=State.QUEUED).update(
        state=State.CANCELLED, cancel_requested_at=Now(), finished_at=Now()
    ) or mine.filter(state=State.RUNNING).update(cancel_requested_at=Now())
    if done:
        _audit(by, "job.cancel", job)
    return bool(done)


@transaction.atomic
def job_resume(job: Job, *, by: User | None = None) -> None:
    """Queue a cancelled or failed job again; it goes on from what it saved.

    Raises JobConflict for a job that is not over or has succeeded.
    """
    over = Job.objects.filter(pk=job.pk, state__in=[State.CANCELLED, State.FAILED])
    if not over.update(
        state=State.QUEUED,
        attempt=F("attempt") + 1,
        crashes=0,
        rate=0,
        error="",
        queued_at=Now(),
        sent_at=Now(),
        finished_at=None,
        cancel_requested_at=None,
    ):
        job.refresh_from_db(fields=["state"])
        raise JobConflict(
            _("Job %(pk)d is %(state)s; only cancelled and failed jobs can be resumed.")
            % {"pk": job.pk, "state": job.get_state_display()}
        )
    _audit(by, "job.resume", job)
    hint_send(job.queue)


def job_clone(job: Job, changes: Mapping[str, Any], *, by: User | None = None) -> Job:
    """Launch a copy with some options changed. Raises JobInvalid."""
    return job_create(job.kind, {**job.config, **changes}, by=by, cloned_from=job)


def job_delete(job: Job, *, by: User | None = None) -> None:
    """Delete a job that is over with its results and files; what others made of them stays.

    Raises JobConflict for a job that is queued or running. The files go after the rows: a crash
    between leaves a file without a row, never a row without its file.
    """
    with transaction.atomic():
        locked = Job.objects.select_for_update().filter(pk=job.pk).first()
        if locked is None:
            return
        if not locked.is_over:
            raise JobConflict(
                _("Job %(pk)d is %(state)s; cancel it first.")
                % {"pk": job.pk, "state": locked.get_state_display()}
            )
        files = list(locked.artifacts.values_list("file", flat=True))
        if upload := locked.config.get("upload"):
            files.append(f"uploads/{upload}")
        _audit(by, "job.delete", locked, detail={"kind": locked.kind, "config": locked.config})
        # Else its studies would launch it again by themselves.
        parts = StudyPart.objects.filter(job=locked)
        parts.update(error=_("Its job was deleted; resume the study to do it again."))
        # Millions of rows that nothing else refers to: one statement, not one a row.
        JobMetric.objects.filter(series__job=locked)._raw_delete(using="default")
        locked.delete()
    for name in files:
        default_storage.delete(name)


def hint_send(queue: str, *, times: int = 1) -> None:
    """Tell a worker of this queue, on commit, that there is something to do.

    Without a broker nothing is lost: the reconciler sends again what nobody has taken.
    """
    transaction.on_commit(lambda: _send(queue, times))


def _send(queue: str, times: int) -> None:
    try:
        for _time in range(times):
            current_app.send_task(TASKS[Job.Queue(queue)], queue=queue)
    except (OperationalError, OSError) as error:
        logger.warning("no broker (%s); jobs start once a worker finds them", error)


def _audit(by: User | None, action: str, job: Job, *, detail: dict[str, Any] | None = None) -> None:
    audit_record(
        actor=by, action=action, target="job", target_id=job.pk, label=job.label, detail=detail
    )
