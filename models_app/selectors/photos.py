"""Reads of photos: which ones a filter takes, a page of them, one with all that is known of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from models_app.models import (
    Dataset,
    Job,
    Photo,
    PhotoContent,
    PhotoScore,
    Rendition,
    SurveySource,
)

# Stands for "of no split" where an empty text means "of any".
NO_SPLIT = "-"
PAGE_PHOTOS = 48
PIXELS = F("width") * F("height")
# Photos without a score have no place in the orders that need one.
SCORE_SORTS = {"score": ("scores__mean", "scores__pk"), "-score": ("-scores__mean", "-scores__pk")}
SORTS: dict[str, tuple[Any, ...]] = {
    "name": ("name",),
    **SCORE_SORTS,
    "-size": (PIXELS.desc(), "pk"),
    "size": (PIXELS.asc(), "pk"),
}


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks whose findings are a dataset's present ones: the last that succeeded."""

    nima: Job | None = None
    diversity: Job | None = None


@dataclass(frozen=True, slots=True)
class PhotoFilter:
    """Which photos of a dataset, and in which order; what is empty asks for nothing."""

    split: str = ""
    label: str = ""
    object: str = ""
    # At least `low`, below `high`.
    low: float | None = None
    high: float | None = None
    # "", "included" or "excluded".
    state: str = ""
    name: str = ""
    survey: str = ""
    sort: str = "name"

    @property
    def wants_score(self) -> bool:
        return self.low is not None or self.high is not None or self.sort in SCORE_SORTS

    @property
    def wants_content(self) -> bool:
        return bool(self.label or self.object)


@dataclass(frozen=True, slots=True)
class Card:
    """A photo with what the present checks found."""

    photo: Photo
    score: PhotoScore | None = None
    label: PhotoContent | None = None
    objects: tuple[PhotoContent, ...] = ()


@dataclass(frozen=True, slots=True)
class PhotoPage:
    """One page of a filter's photos; pages count from 1."""

    cards: list[Card] = field(default_factory=list)
    total: int = 0
    number: int = 1

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_PHOTOS))


def checks_get(dataset: Dataset) -> Checks:
    """Two queries."""
    return Checks(_last(dataset, "nima_check"), _last(dataset, "diversity_check"))


def _last(dataset: Dataset, kind: str) -> Job | None:
    done = Job.objects.filter(kind=kind, dataset=dataset, state=Job.State.SUCCEEDED)
    return done.select_related("checkpoint").order_by("-finished_at", "-pk").first()


def photos_filter(dataset: Dataset, wanted: PhotoFilter, checks: Checks) -> QuerySet[Photo]:
    """Photos that a filter takes, unordered; none where it needs a check that was never made."""
    photos = Photo.objects.filter(dataset=dataset)
    if (wanted.wants_score and checks.nima is None) or (
        wanted.wants_content and checks.diversity is None
    ):
        return photos.none()
    if wanted.split:
        photos = photos.filter(split="" if wanted.split == NO_SPLIT else wanted.split)
    if wanted.state:
        photos = photos.filter(excluded_at__isnull=wanted.state == "included")
    if wanted.name:
        photos = photos.filter(Q(name__icontains=wanted.name) | Q(list_name__icontains=wanted.name))
    if wanted.survey:
        photos = photos.filter(_shown_by(dataset, wanted.survey))
    if wanted.wants_score:
        photos = photos.filter(_scored(wanted, checks))
    for kind, label in (("class", wanted.label), ("object", wanted.object)):
        if label:
            photos = photos.filter(
                contents__job=checks.diversity, contents__kind=kind, contents__label=label
            )
    return photos


def _scored(wanted: PhotoFilter, checks: Checks) -> Q:
    # One condition on one score: several calls of filter() would each take another one.
    scored = Q(scores__job=checks.nima)
    if wanted.low is not None:
        scored &= Q(scores__mean__gte=wanted.low)
    if wanted.high is not None:
        scored &= Q(scores__mean__lt=wanted.high)
    return scored


def _shown_by(dataset: Dataset, slug: str) -> Q:
    source = SurveySource.objects.filter(dataset=dataset, survey__slug=slug).first()
    if source is None:
        return Q(pk__in=[])
    original = Rendition.objects.filter(
        photo=OuterRef("pk"),
        distortion="original",
        preset=source.preset,
        long_side=source.long_side,
        encoding=source.encoding,
        state=Rendition.State.READY,
    )
    return Q(Exists(original))


def photos_to_mark(
    photos: QuerySet[Photo], *, exclude: bool, examples: int
) -> tuple[int, list[int]]:
    """How many photos excluding (including) would change, and keys of the first; two queries."""
    left = photos.filter(excluded_at__isnull=exclude)
    return left.count(), list(left.order_by("name").values_list("pk", flat=True)[:examples])


def photo_page(
    dataset: Dataset, wanted: PhotoFilter, checks: Checks, *, number: int = 1
) -> PhotoPage:
    """Return one page; five queries, six with a survey in the filter.

    The page's keys are read before its rows, so that far pages skip keys and no photos. A number
    beyond the last page is the last one.
    """
    photos = photos_filter(dataset, wanted, checks)
    total = photos.count()
    page = PhotoPage(total=total)
    number = min(max(1, number), page.pages)
    first = (number - 1) * PAGE_PHOTOS
    ordered = photos.order_by(*SORTS[wanted.sort]).values_list("pk", flat=True)
    keys = list(ordered[first : first + PAGE_PHOTOS])
    return PhotoPage(cards_get(keys, checks), total, number)


def cards_get(keys: Sequence[int], checks: Checks) -> list[Card]:
    """Return photos in the order of their keys; one query, one more for each check."""
    photos = Photo.objects.in_bulk(keys)
    scores = {}
    if checks.nima is not None:
        found = PhotoScore.objects.filter(job=checks.nima, photo__in=keys)
        scores = {score.photo_id: score for score in found}
    labels: dict[int, PhotoContent] = {}
    objects: dict[int, list[PhotoContent]] = {}
    if checks.diversity is not None:
        contents = PhotoContent.objects.filter(job=checks.diversity, photo__in=keys)
        for content in contents.order_by("-confidence", "label"):
            if content.kind == PhotoContent.Kind.CLASS:
                labels.setdefault(content.photo_id, content)
            else:
                objects.setdefault(content.photo_id, []).append(content)
    return [
        Card(photos[key], scores.get(key), labels.get(key), tuple(objects.get(key, ())))
        for key in keys
        if key in photos
    ]


def photos_sample(
    dataset: Dataset, wanted: PhotoFilter, checks: Checks, *, size: int, seed: int
) -> list[int]:
    """Return the keys of a random sample; the same for a seed wherever the dataset is imported.

    The photos whose SHA-256 of "seed:pixel_sha256" is smallest, in that order: leaving one out
    changes no other's place. One query, one short text a photo.
    """
    photos = photos_filter(dataset, wanted, checks).values_list("pk", "pixel_sha256")
    return [key for _order, key in nsmallest(size, ((_order(seed, p), k) for k, p in photos))]


def _order(seed: int, pixels: str) -> bytes:
    return hashlib.sha256(f"{seed}:{pixels}".encode()).digest()


def photo_surveys(photo: Photo) -> list[tuple[str, str]]:
    """(short name, title) of the surveys that have pictures of a photo; two queries."""
    shown = set(
        Rendition.objects.filter(photo=photo, distortion="original", state=Rendition.State.READY)
        .values_list("preset", "long_side", "encoding")
        .distinct()
    )
    sources = SurveySource.objects.filter(dataset=photo.dataset_id).order_by("survey__slug")
    found = sources.values_list("survey__slug", "survey__title", "preset", "long_side", "encoding")
    return [(slug, title) for slug, title, *made in found if tuple(made) in shown]


def photo_jobs(photo: Photo) -> list[Job]:
    """Jobs that scored a photo, looked at what is on it, or drew its sheet; one query."""
    made = Q(scores__photo=photo) | Q(contents__photo=photo) | Q(contact_sheets__photo=photo)
    keys = Job.objects.filter(made).values("pk")
    return list(Job.objects.filter(pk__in=keys).order_by("-pk")[:20])
