"""Workers inside a test, and the time of day as they see it."""

from datetime import timedelta

from django.conf import settings
from django.db.models import F

from models_app.jobs.runner import work_next
from models_app.models import Job


def work_all(queue: str = "cpu") -> int:
    """Do every job of a queue here and now; says how many turns that took."""
    turns = 0
    while work_next(queue, beating=False):
        turns += 1
    return turns


def workers_die(job: Job | None = None) -> None:
    """Make the heartbeat of running jobs so old that their workers are taken for dead."""
    past = timedelta(seconds=settings.JOB_LOST_S + 1)
    running = Job.objects.filter(state=Job.State.RUNNING)
    (running if job is None else running.filter(pk=job.pk)).update(
        heartbeat_at=F("heartbeat_at") - past
    )
