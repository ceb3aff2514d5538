"""What workers do with jobs: claim, beat, end, hand back; and what is done about dead workers.

Every step is an update that counts its rows. Whoever is not holding the lease any more changes
nothing, so a worker that was taken for dead and comes back does no harm.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from models_app.clock import db_now
from models_app.errors import LeaseLost
from models_app.models import Job, Rendition
from models_app.selectors import pictures as selectors
from models_app.services import studies
from models_app.services.jobs import hint_send

# So many workers may die over one job before it is given up.
CRASHES = 3
State = Job.State


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one look found: hints sent again, jobs queued again, given up, cancelled."""

    sent: int = 0
    resumed: int = 0
    failed: int = 0
    cancelled: int = 0


def storable(text: str) -> str:
    """Replace what a database refuses to store: half surrogates, NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def job_claim(queue: str, *, worker: str) -> Job | None:
    """Take the next job of a queue, or None; compare and set, so one job has one worker."""
    lease = uuid4().hex
    while True:
        with transaction.atomic():
            waiting = Job.objects.filter(state=State.QUEUED, queue=queue)
            if connection.features.has_select_for_update_skip_locked:
                # Workers that start together take different jobs instead of the same one.
                waiting = waiting.select_for_update(skip_locked=True)
            pk = (
                waiting.order_by("-priority", "queued_at", "pk").values_list("pk", flat=True)
            ).first()
            if pk is None:
                return None
            if Job.objects.filter(pk=pk, state=State.QUEUED).update(
                state=State.RUNNING,
                lease=lease,
                worker=worker,
                started_at=Coalesce(F("started_at"), Now()),
                claimed_at=Now(),
                heartbeat_at=Now(),
                rate=0,
                stage="",
            ):
                return Job.objects.get(pk=pk)


def job_beat(job: Job, **values: Any) -> bool:
    """Say that the work goes on, and how far it is; True when somebody asked to cancel.

    Raises LeaseLost.
    """
    if not _mine(job).update(heartbeat_at=Now(), **values):
        raise LeaseLost
    asked = Job.objects.filter(pk=job.pk).values_list("cancel_requested_at", flat=True).first()
    return asked is not None


def urgent_waits(job: Job) -> bool:
    """Whether something more urgent waits in this job's queue; one query, by the index job_next."""
    waiting = Job.objects.filter(state=State.QUEUED, queue=job.queue)
    return waiting.filter(priority__gt=job.priority).exists()


def lease_hold(job: Job) -> None:
    """Lock the job's row for the rest of the transaction; raises LeaseLost.

    What a job writes is written together with this, or not at all.
    """
    if not _mine(job).select_for_update().values_list("pk").first():
        raise LeaseLost


@transaction.atomic
def job_end(job: Job, state: str, *, worked_s: float, error: str = "", **values: Any) -> None:
    """Record how a claimed job ended. Raises LeaseLost."""
    ended = _mine(job).update(
        state=state,
        lease="",
        finished_at=Now(),
        heartbeat_at=Now(),
        worked_s=F("worked_s") + worked_s,
        error=storable(error)[:500],
        stage="",
        **values,
    )
    if not ended:
        raise LeaseLost
    _claims_free(job.lease)
    # What waits for it is launched once its end is on the disk, and whatever comes of that.
    transaction.on_commit(partial(studies.job_ended, job.pk), robust=True)


@transaction.atomic
def job_hand_back(job: Job, *, worked_s: float, **values: Any) -> str:
    """Queue a claimed job again where it was in the queue; returns "resumed".

    One that somebody cancelled meanwhile ends instead: "cancelled". Raises LeaseLost.
    """
    lease_hold(job)
    asked = Job.objects.filter(pk=job.pk, cancel_requested_at__isnull=False).exists()
    if asked:
        job_end(job, State.CANCELLED, worked_s=worked_s)
        return "cancelled"
    _mine(job).update(
        state=State.QUEUED,
        lease="",
        sent_at=Now(),
        worked_s=F("worked_s") + worked_s,
        stage="",
        **values,
    )
    _claims_free(job.lease)
    hint_send(job.queue)
    return "resumed"


def job_crash(job: Job, *, worked_s: float, **values: Any) -> str:
    """Queue a job again whose worker broke down, or give it up.

    Returns "resumed", "failed", or "cancelled" where somebody asked. Raises LeaseLost.
    """
    crashes = job.crashes + 1
    if crashes < CRASHES:
        again = {"crashes": crashes, "attempt": job.attempt + 1}
        return job_hand_back(job, worked_s=worked_s, **again, **values)
    error = _(
        "%(n)d workers died over this job, perhaps for want of memory; see their logs, then "
        "resume it."
    ) % {"n": crashes}
    job_end(job, State.FAILED, worked_s=worked_s, error=error, crashes=crashes, **values)
    return "failed"


def jobs_reconcile() -> Reconciled:
    """Send again what nobody took, and take from dead workers what they had.

    Any number of these may run at once: each change is a compare and set.
    """
    now = db_now()
    lost = Q(heartbeat_at__lt=now - timedelta(seconds=settings.JOB_LOST_S))
    sent = _hints_again(now - timedelta(seconds=settings.JOB_RESEND_S))
    return jobs_take_back(lost, sent=sent)


def jobs_take_back(which: Q, *, sent: int = 0) -> Reconciled:
    """Take running jobs from workers that are known to be dead."""
    ends = {"resumed": 0, "failed": 0, "cancelled": 0}
    for job in Job.objects.filter(which, state=State.RUNNING).order_by("pk"):
        try:
            ends[_take_back(job)] += 1
        except LeaseLost:
            # It ended, or another look was faster.
            continue
    return Reconciled(sent, **ends)


def _take_back(job: Job) -> str:
    worked_s = 0.0
    if job.heartbeat_at and job.claimed_at:
        worked_s = (job.heartbeat_at - job.claimed_at).total_seconds()
    if job.cancel_requested_at:
        job_end(job, State.CANCELLED, worked_s=worked_s)
        return "cancelled"
    died = _("%(time)s the worker %(worker)s died, or went silent") % {
        "time": db_now().strftime("%H:%M:%S"),
        "worker": job.worker,
    }
    return job_crash(job, worked_s=worked_s, log=f"{job.log}\n{died}".strip())


def _hints_again(before: datetime) -> int:
    """Of several looks at once, one finds rows that are late: they are late no more after it.

    A hint a worker is enough, since whoever ends a job sends one more while others wait.
    """
    sent = 0
    for queue in Job.Queue.values:
        late = Job.objects.filter(state=State.QUEUED, queue=queue, sent_at__lt=before)
        found = late.update(sent_at=Now())
        if found:
            hints = min(found, max(1, selectors.worker_slots(queue)))
            hint_send(queue, times=hints)
            sent += hints
    return sent


def work_waits(queue: str) -> bool:
    """Whether a queue has work; one query, by the index job_next."""
    return Job.objects.filter(state=State.QUEUED, queue=queue).exists()


def _mine(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, state=State.RUNNING, lease=job.lease)


def _claims_free(lease: str) -> None:
    Rendition.objects.filter(claimed_by=lease, state=Rendition.State.PENDING).update(claimed_by="")
