"""Reads of single photos that somebody had scored, and of scores to compare them with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Count, Q

from models_app.clock import db_now
from models_app.models import Checkpoint, Job, JobArtifact, PhotoScore

KIND = "score_photo"
# Jobs that leave a score of every photo of a dataset.
SCORERS = ("nima_check", "evaluate")
PICTURE = "photo.jpg"
# The same photo in another batch, or on another device, may score so much more or less.
EQUAL = 1e-4
# Datasets that a photo is compared with.
MOST_DATASETS = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a score stands among those of a dataset's photos, by the same weights."""

    job: Job
    n: int
    # Photos with a lower score, and with the same.
    below: int
    equal: int

    @property
    def percentile(self) -> float:
        """Share of photos below it, in percent; photos with the same score count half."""
        return 100 * (self.below + 0.5 * self.equal) / self.n


def scoring_get(pk: int) -> Job | None:
    """One query."""
    jobs = Job.objects.select_related("checkpoint", "created_by")
    return jobs.filter(pk=pk, kind=KIND).first()


def scorings_of(person: User, *, n: int = 10) -> list[Job]:
    """What somebody had scored lately, the newest first; one query."""
    jobs = Job.objects.filter(kind=KIND, created_by=person).select_related("checkpoint")
    return list(jobs.defer("log", "versions").order_by("-pk")[:n])


def scorings_waiting(person: User) -> int:
    """One query."""
    return Job.objects.filter(kind=KIND, created_by=person, state=Job.State.QUEUED).count()


def scorings_before(moment: datetime) -> list[Job]:
    """Photos that were handed in before a moment; one query."""
    return list(Job.objects.filter(kind=KIND, created_at__lt=moment).order_by("pk"))


def scorings_old(seconds: float) -> list[Job]:
    """Photos that were handed in longer ago than that; one query and that of the clock."""
    return scorings_before(db_now() - timedelta(seconds=seconds))


def picture_of(job: Job) -> JobArtifact | None:
    """The photo as it may be shown: made anew, without what its file said; one query."""
    return JobArtifact.objects.filter(job=job, name=PICTURE).first()


def standings(checkpoint: Checkpoint | None, mean: float) -> list[Standing]:
    """Compare a score with those of whole datasets by the same weights; two queries and one each.

    The newest finished check or evaluation of a dataset counts, the newest ones first.
    """
    if checkpoint is None:
        return []
    done = Job.objects.filter(kind__in=SCORERS, state=Job.State.SUCCEEDED, checkpoint=checkpoint)
    newest: dict[int | None, Job] = {}
    for job in done.select_related("dataset").order_by("-pk").defer("log", "versions")[:100]:
        if job.dataset_id is not None:
            newest.setdefault(job.dataset_id, job)
    low, high = mean - EQUAL, mean + EQUAL
    found = []
    for job in list(newest.values())[:MOST_DATASETS]:
        counted = PhotoScore.objects.filter(job=job).aggregate(
            n=Count("pk"),
            below=Count("pk", filter=Q(mean__lt=low)),
            equal=Count("pk", filter=Q(mean__gte=low, mean__lte=high)),
        )
        if counted["n"]:
            found.append(Standing(job, **counted))
    return found
