"""Reads of single photos that somebody had scored, and of scores to compare them with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser, User
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
# Checks and evaluations by one checkpoint that are looked at.
MOST_JOBS = 100


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


def artifact_open(artifact: JobArtifact, person: User | AnonymousUser, *, is_admin: bool) -> bool:
    """Whether somebody may see a job's file."""
    return result_open(artifact.job, person, is_admin=is_admin)


def result_open(job: Job, person: User | AnonymousUser, *, is_admin: bool) -> bool:
    """Whether somebody may see what a job made: photos handed in belong to who did, and admins."""
    mine = person.pk is not None and job.created_by_id == person.pk
    return job.kind != KIND or is_admin or mine


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
    """Compare a score with those of whole datasets by the same weights; two queries.

    Of a dataset's finished checks and evaluations the one of the most photos counts, of several
    the newest; the newest ones first.
    """
    if checkpoint is None:
        return []
    done = Job.objects.filter(
        kind__in=SCORERS, state=Job.State.SUCCEEDED, checkpoint=checkpoint, dataset__isnull=False
    )
    jobs = done.select_related("dataset").order_by("-pk").defer("log", "versions")[:MOST_JOBS]
    by_pk = {job.pk: job for job in jobs}
    low, high = mean - EQUAL, mean + EQUAL
    counted = (
        PhotoScore.objects.filter(job__in=by_pk)
        .values("job")
        .annotate(
            n=Count("mean"),
            below=Count("mean", filter=Q(mean__lt=low)),
            equal=Count("mean", filter=Q(mean__gte=low, mean__lte=high)),
        )
        .order_by("n", "job")
    )
    # The last one of a dataset stays.
    most = {
        by_pk[row["job"]].dataset_id: Standing(
            by_pk[row["job"]], row["n"], row["below"], row["equal"]
        )
        for row in counted
    }
    return sorted(most.values(), key=lambda each: each.job.pk, reverse=True)[:MOST_DATASETS]
