"""Reads of pretraining runs: the list, those that are compared, the files of one."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Case, Count, Exists, OuterRef, Prefetch, When
from django.utils.translation import gettext as _

from models_app.models import Checkpoint, Dataset, Job, JobArtifact, JobSeries, Photo
from models_app.selectors.findings import photos_included

PRETRAIN = "pretrain"
RESULTS = "results.json"
# More runs than this, and neither a list nor a chart tells them apart.
MOST_LISTED = 200


class PhotoRow(NamedTuple):
    """What a training knows of a photo: 130,000 of them fit into memory."""

    name: str
    pixel_sha256: str
    file: str
    split: str


def runs() -> list[Job]:
    """Pretrainings, the newest first, without what only their pages show; one query."""
    jobs = Job.objects.filter(kind=PRETRAIN).select_related("dataset", "created_by")
    return list(jobs.defer("log", "versions", "resume").order_by("-pk")[:MOST_LISTED])


def runs_chosen(pks: Iterable[int]) -> list[Job]:
    """Some of them, in the order in which they were launched; one query."""
    jobs = Job.objects.filter(kind=PRETRAIN, pk__in=list(pks)).select_related("dataset")
    return list(jobs.defer("log", "versions", "resume").order_by("pk"))


def run_get(pk: int) -> Job | None:
    """A run with the weights that it made, its files and `has_curves`; three queries."""
    curves = Exists(JobSeries.objects.filter(job=OuterRef("pk")))
    jobs = Job.objects.filter(pk=pk, kind=PRETRAIN).annotate(has_curves=curves)
    jobs = jobs.select_related("dataset", "checkpoint", "created_by")
    made = Prefetch("made", Checkpoint.objects.order_by("pk"))
    files = Prefetch("artifacts", JobArtifact.objects.order_by("name"))
    return jobs.prefetch_related(made, files).first()


def checkpoint_choices() -> list[tuple[str, str]]:
    """Names of pretrained networks, the newest first; one query."""
    found = Checkpoint.objects.filter(purpose=Checkpoint.Purpose.PRETRAINED).order_by("-pk")
    return [
        (name, _("%(name)s (began with random weights)") % {"name": name} if random else name)
        for name, random in found.values_list("name", "is_random")
    ]


def beginning_choices() -> list[tuple[str, str]]:
    """Names of what a fine-tuning may begin with, pretrained networks first; one query."""
    pretrained = Case(When(purpose=Checkpoint.Purpose.PRETRAINED, then=0), default=1)
    found = Checkpoint.objects.annotate(rank=pretrained).order_by("rank", "-pk")
    said = {
        (0, False): _("%(name)s (pretrained)"),
        (0, True): _("%(name)s (pretrained, generated images)"),
        (1, False): _("%(name)s (judges photos)"),
        (1, True): _("%(name)s (judges photos, generated images)"),
    }
    rows = found.values_list("name", "rank", "is_generated")
    return [(name, said[rank, generated] % {"name": name}) for name, rank, generated in rows]


def photo_rows(dataset: Dataset) -> list[PhotoRow]:
    """What is learnt from; one query.

    Ordered by hash: the same photos are the same training whatever order they were imported in.
    """
    photos = photos_included(dataset).order_by("pixel_sha256")
    return list(map(PhotoRow._make, photos.values_list(*PhotoRow._fields)))


def splits_counted(dataset: Dataset) -> dict[str, int]:
    """Photos that are not excluded by split, "" where they have none; one query."""
    found = Photo.objects.filter(dataset=dataset, excluded_at=None).values_list("split")
    return dict(found.annotate(n=Count("pk")).order_by())


def photos_by_pixels(dataset: Dataset, keys: list[str]) -> dict[str, int]:
    """Photos of a dataset by the hash of their pixels; one query."""
    found = Photo.objects.filter(dataset=dataset, pixel_sha256__in=keys)
    return dict(found.values_list("pixel_sha256", "pk"))


def curve_names(jobs: Iterable[Job]) -> list[str]:
    """Names of the curves that some runs have, each once; one query."""
    found = JobSeries.objects.filter(job__in=list(jobs)).values_list("name", flat=True)
    return sorted(set(found))
