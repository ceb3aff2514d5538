"""Reads of what networks said of photos: NIMA checks, diversity checks, checkpoints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from django.db.models import Avg, Count, F, IntegerField, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Cast, Floor
from django.utils.translation import gettext as _

from models_app.models import Checkpoint, Dataset, Job, Photo, PhotoContent, PhotoScore

NIMA = "nima_check"
DIVERSITY = "diversity_check"
IMPORT = "import_checkpoint"
SCORE = "score_photo"
# Kinds whose jobs do not keep weights from being deleted: what they leave goes by itself.
NO_USERS = (IMPORT, SCORE)
# Quarters of a score: fine enough for the shape, wide enough for some hundred photos.
BINS_A_SCORE = 4
LOW, HIGH = 1, 10
MIDDLE = 5.0
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Scores:
    """A NIMA check in figures; sd and mean_sd are None without photos."""

    n: int
    above: int
    mean: float | None
    # Of the means, over photos.
    sd: float | None
    # Of the standard deviations, each of one photo's distribution.
    mean_sd: float | None
    least: float | None
    most: float | None
    excluded: int


def dataset_choices() -> list[tuple[str, str]]:
    """Datasets with photos, by name; one query."""
    found = Dataset.objects.filter(photos__isnull=False).distinct().order_by("name")
    return [(name, name) for name in found.values_list("name", flat=True)]


def dataset_named(name: str) -> Dataset | None:
    """One query."""
    return Dataset.objects.filter(name=name).first()


def photos_included(dataset: Dataset, *, after: int = 0) -> QuerySet[Photo]:
    """Photos of a dataset that nobody excluded, in the order that checks take them."""
    return Photo.objects.filter(dataset=dataset, excluded_at=None, pk__gt=after).order_by("pk")


def photos_by_key(keys: Sequence[int]) -> list[Photo]:
    """Photos in the order of their keys; one query."""
    return list(Photo.objects.filter(pk__in=keys).order_by("pk"))


def checks(kind: str, *, dataset: int | None = None) -> list[Job]:
    """Jobs of a kind, the newest first, without what only their pages show; one query."""
    jobs = Job.objects.filter(kind=kind).select_related("dataset", "checkpoint", "created_by")
    if dataset is not None:
        jobs = jobs.filter(dataset=dataset)
    return list(jobs.defer("log", "versions", "resume").order_by("-pk")[:200])


def check_get(kind: str, pk: int) -> Job | None:
    """One query."""
    jobs = Job.objects.select_related("dataset", "checkpoint", "created_by")
    return jobs.filter(pk=pk, kind=kind).first()


def scores_summary(job: Job) -> Scores:
    """One query over the scores of a check."""
    found = PhotoScore.objects.filter(job=job).aggregate(
        n=Count("pk"),
        above=Count("pk", filter=Q(mean__gt=MIDDLE)),
        average=Avg("mean"),
        squares=Avg(F("mean") * F("mean")),
        mean_sd=Avg("sd"),
        least=Min("mean"),
        most=Max("mean"),
        excluded=Count("pk", filter=Q(photo__excluded_at__isnull=False)),
    )
    average, squares = found.pop("average"), found.pop("squares")
    sd = None if average is None else sqrt(max(0.0, squares - average * average))
    return Scores(mean=average, sd=sd, **found)


def scores_histogram(job: Job) -> list[int]:
    """Photos a bin of mean scores, from 1 to 10 in steps of a quarter; one query."""
    bins = (HIGH - LOW) * BINS_A_SCORE
    place = Cast(Floor((F("mean") - LOW) * BINS_A_SCORE), IntegerField())
    found = PhotoScore.objects.filter(job=job).annotate(place=place)
    counts = [0] * bins
    for at, n in found.values_list("place").annotate(n=Count("pk")).order_by():
        # A mean of exactly 10 belongs to the last bin.
        counts[min(max(at, 0), bins - 1)] += n
    return counts


def scores_end(job: Job, *, highest: bool, n: int) -> list[PhotoScore]:
    """The n lowest or highest scores of a check with their photos; one query."""
    order = ("-mean", "-photo") if highest else ("mean", "photo")
    return list(PhotoScore.objects.filter(job=job).select_related("photo").order_by(*order)[:n])


def score_get(job: Job, photo: int) -> PhotoScore | None:
    """One query."""
    return PhotoScore.objects.filter(job=job, photo=photo).select_related("photo").first()


def score_rows(job: Job) -> Iterator[PhotoScore]:
    """All scores of a check with their photos, in the order of the photos; in chunks."""
    rows = PhotoScore.objects.filter(job=job).select_related("photo").order_by("photo")
    return rows.iterator(chunk_size=CHUNK)


def content_counts(job: Job, kind: str) -> list[dict[str, Any]]:
    """Labels of a diversity check: {label, photos, things}, the most common first; one query."""
    found = PhotoContent.objects.filter(job=job, kind=kind).values("label")
    counted = found.annotate(photos=Count("pk"), things=Sum("count"))
    return [dict(row) for row in counted.order_by("-photos", "label")]


def content_rows(job: Job) -> Iterator[PhotoContent]:
    """What a diversity check found, photo by photo, classes first; in chunks."""
    rows = PhotoContent.objects.filter(job=job).select_related("photo")
    return rows.order_by("photo", "kind", "-confidence", "label").iterator(chunk_size=CHUNK)


def photos_checked(job: Job) -> int:
    """Photos that a diversity check has looked at: each has exactly one class; one query."""
    return PhotoContent.objects.filter(job=job, kind=PhotoContent.Kind.CLASS).count()


def checkpoint_choices() -> list[tuple[str, str]]:
    """Names of checkpoints that judge photos, the newest first; one query."""
    judges = Checkpoint.objects.filter(purpose=Checkpoint.Purpose.JUDGE)
    found = judges.order_by("-pk").values_list("name", "is_random", "is_generated")
    return [
        (name, choice_words(name, is_random=random, is_generated=generated))
        for name, random, generated in found
    ]


def choice_words(name: str, *, is_random: bool, is_generated: bool) -> str:
    """Return a network's name with what its scores do not mean."""
    if is_random and is_generated:
        return _("%(name)s (random weights, generated images)") % {"name": name}
    if is_random:
        return _("%(name)s (random weights)") % {"name": name}
    return _("%(name)s (generated images)") % {"name": name} if is_generated else name


def checkpoint_named(name: str) -> Checkpoint | None:
    """One query."""
    return Checkpoint.objects.filter(name=name).first()


def checkpoint_get(pk: int) -> Checkpoint | None:
    """A checkpoint with what it came from; one query."""
    return Checkpoint.objects.select_related("parent", "made_by").filter(pk=pk).first()


def checkpoint_children(checkpoint: Checkpoint) -> list[Checkpoint]:
    """Checkpoints that began with these weights, the newest first; one query."""
    return list(checkpoint.children.order_by("-pk")[:50])


def checkpoints_shown() -> list[Checkpoint]:
    """Checkpoints, the newest first, with `users`: how many jobs worked with each; one query."""
    users = Count("jobs", filter=~Q(jobs__kind=IMPORT))
    found = Checkpoint.objects.annotate(users=users).select_related("made_by")
    long = ("log", "result", "versions", "resume")
    return list(found.defer(*(f"made_by__{name}" for name in long)).order_by("-pk"))


def checkpoint_users(checkpoint: Checkpoint) -> list[Job]:
    """Jobs that worked with a checkpoint, not the one that made it, newest first; one query."""
    # With the key that leads back: Django asks for it, a query a row.
    columns = ("pk", "label", "kind", "state", "created_at", "checkpoint")
    return list(checkpoint.jobs.exclude(kind__in=NO_USERS).only(*columns).order_by("-pk")[:50])


def photos_scored(checkpoint: Checkpoint) -> int:
    """How many single photos it scored that are not deleted yet; one query."""
    return checkpoint.jobs.filter(kind=SCORE).count()


def object_pairs(job: Job) -> list[tuple[int, str]]:
    """Return (photo, label) of every object that a check found; one query."""
    rows = PhotoContent.objects.filter(job=job, kind=PhotoContent.Kind.OBJECT)
    return list(rows.order_by("photo", "label").values_list("photo", "label"))


def photo_keys_checked(job: Job) -> list[int]:
    """Photos that a diversity check has looked at; one query."""
    rows = PhotoContent.objects.filter(job=job, kind=PhotoContent.Kind.CLASS)
    return list(rows.order_by("photo").values_list("photo", flat=True))
