"""Reads of datasets: what each holds, what was found in it, what disk it takes."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from django.db.models import Count, Exists, OuterRef, Q, Sum

from analysis.diversity import effective_number
from analysis.intervals import wilson
from analysis.types import Estimate, Undefined
from models_app.models import (
    ContactSheet,
    Dataset,
    Job,
    LabelSet,
    Photo,
    PhotoContent,
    PhotoScore,
    Rendition,
    SurveySource,
)
from models_app.selectors.photos import Checks

# A NIMA score above this is a photo that people like (the paper's check).
LIKED = 5
SPLITS = ("train", "val", "test")
CLASS, OBJECT = PhotoContent.Kind.CLASS, PhotoContent.Kind.OBJECT


@dataclass(slots=True)
class Totals:
    """Photos of a dataset by what is noted of them."""

    photos: int = 0
    excluded: int = 0
    bytes: int = 0
    # Photos whose size was never noted.
    unsized: int = 0
    uncredited: int = 0
    # Split -> (photos, excluded ones among them); "" is no split.
    splits: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def included(self) -> int:
        return self.photos - self.excluded


@dataclass(frozen=True, slots=True)
class Found:
    """What a check says of a dataset as a whole."""

    liked: Estimate | None = None
    # Without the excluded photos; None where none is excluded.
    liked_included: Estimate | None = None
    # (label, photos), the most frequent first.
    classes: tuple[tuple[str, int], ...] = ()
    objects: tuple[tuple[str, int], ...] = ()
    # As many equally frequent classes, those not seen yet included.
    effective_classes: Estimate | None = None


@dataclass(slots=True)
class Row:
    """A dataset in the list."""

    dataset: Dataset
    totals: Totals = field(default_factory=Totals)
    rendered: int = 0
    # (short name, title, state)
    surveys: list[tuple[str, str, str]] = field(default_factory=list)
    nima: Job | None = None
    liked: Estimate | None = None
    diversity: Job | None = None
    # Different ones.
    classes: int = 0
    is_generated: bool = False


def dataset_get(pk: int) -> Dataset | None:
    """One query."""
    return Dataset.objects.filter(pk=pk).first()


def dataset_named(name: str) -> Dataset | None:
    """One query."""
    return Dataset.objects.filter(name=name).first()


def dataset_names() -> list[str]:
    """One query."""
    return list(Dataset.objects.order_by("name").values_list("name", flat=True))


def is_generated(dataset: Dataset) -> bool:
    """Whether labels say that a program drew the photos; one query."""
    return dataset.label_sets.filter(is_generated=True).exists()


def totals_get(dataset: Dataset) -> Totals:
    """One query."""
    return _totals(dataset)[dataset.pk]


def _totals(dataset: Dataset | None = None) -> defaultdict[int, Totals]:
    photos = Photo.objects.all() if dataset is None else Photo.objects.filter(dataset=dataset)
    counted = photos.values_list("dataset", "split").annotate(
        photos=Count("pk"),
        excluded=Count("excluded_at"),
        size=Sum("bytes"),
        unsized=Count("pk", filter=Q(bytes=0)),
        uncredited=Count("pk", filter=Q(credit="")),
    )
    found: defaultdict[int, Totals] = defaultdict(Totals)
    for pk, split, n, excluded, size, unsized, uncredited in counted.order_by("dataset", "split"):
        totals = found[pk]
        totals.photos += n
        totals.excluded += excluded
        totals.bytes += size
        totals.unsized += unsized
        totals.uncredited += uncredited
        totals.splits[split] = (n, excluded)
    for totals in found.values():
        totals.splits = dict(sorted(totals.splits.items(), key=_split_order))
    return found


def _split_order(split: tuple[str, tuple[int, int]]) -> tuple[int, str]:
    """Order splits as people name them; photos without one come last."""
    name = split[0]
    return (SPLITS.index(name) if name in SPLITS else len(SPLITS) + (not name), name)


def datasets_list() -> list[Row]:
    """Every dataset, the newest first; seven queries, however many there are."""
    drawn = Exists(LabelSet.objects.filter(dataset=OuterRef("pk"), is_generated=True))
    found = Dataset.objects.annotate(drawn=drawn).order_by("-created_at", "-pk")
    rows = {each.pk: Row(each, is_generated=each.drawn) for each in found}
    for pk, totals in _totals().items():
        rows[pk].totals = totals
    for pk, size in rendered_bytes().items():
        rows[pk].rendered = size
    shown = SurveySource.objects.order_by("survey__slug")
    for pk, *survey in shown.values_list(
        "dataset", "survey__slug", "survey__title", "survey__state"
    ):
        rows[pk].surveys.append((survey[0], survey[1], survey[2]))
    _checks_add(rows)
    return list(rows.values())


def _checks_add(rows: dict[int, Row]) -> None:
    done = Job.objects.filter(
        kind__in=["nima_check", "diversity_check"],
        state=Job.State.SUCCEEDED,
        dataset__isnull=False,
    )
    for job in done.select_related("checkpoint").defer("log").order_by("finished_at", "pk"):
        row = rows[job.dataset_id or 0]
        if job.kind == "nima_check":
            row.nima = job
        else:
            row.diversity = job
    liked = _liked([row.nima for row in rows.values() if row.nima])
    jobs = [row.diversity for row in rows.values() if row.diversity]
    contents = PhotoContent.objects.filter(job__in=jobs, kind=CLASS).values_list("job")
    classes = dict(contents.annotate(n=Count("label", distinct=True)).order_by())
    for row in rows.values():
        if row.nima:
            row.liked = liked.get(row.nima.pk)
        if row.diversity:
            row.classes = classes.get(row.diversity.pk, 0)


def _liked(jobs: list[Job], *, included: bool = False) -> dict[int, Estimate]:
    scores = PhotoScore.objects.filter(job__in=jobs)
    if included:
        scores = scores.filter(photo__excluded_at=None)
    counted = scores.values_list("job").annotate(
        n=Count("pk"), liked=Count("pk", filter=Q(mean__gt=LIKED))
    )
    return {job: wilson(liked, n) for job, n, liked in counted.order_by()}


def found_get(checks: Checks, totals: Totals) -> Found:
    """What the present checks say; at most three queries.

    Shares and counts are over all photos of the check, as on the check's own page.
    """
    liked = liked_included = None
    if checks.nima is not None:
        liked = _liked([checks.nima]).get(checks.nima.pk)
        if totals.excluded:
            liked_included = _liked([checks.nima], included=True).get(checks.nima.pk)
    counts: dict[str, list[tuple[str, int]]] = {CLASS: [], OBJECT: []}
    if checks.diversity is not None:
        labels = PhotoContent.objects.filter(job=checks.diversity).values_list("kind", "label")
        for kind, label, n in labels.annotate(n=Count("pk")).order_by("-n", "label"):
            counts[kind].append((label, n))
    classes = tuple(counts[CLASS])
    return Found(liked, liked_included, classes, tuple(counts[OBJECT]), _effective(classes))


def _effective(classes: tuple[tuple[str, int], ...]) -> Estimate | None:
    # A fixed seed: the interval is the same at every look.
    try:
        counts = [n for _label, n in classes]
        return effective_number(counts, order=1, rng=np.random.default_rng(0))
    except Undefined:
        return None


def dataset_surveys(dataset: Dataset) -> list[tuple[str, str, str]]:
    """(short name, title, state) of the surveys that show a dataset; one query."""
    sources = SurveySource.objects.filter(dataset=dataset).order_by("survey__slug")
    return list(sources.values_list("survey__slug", "survey__title", "survey__state"))


def rendered_bytes() -> dict[int, int]:
    """Bytes of rendered pictures by dataset; one query over them."""
    ready = Rendition.objects.filter(state=Rendition.State.READY)
    sums = ready.values_list("photo__dataset").annotate(size=Sum("bytes")).order_by()
    return dict(sums)


def sheet_files() -> Iterator[tuple[int, str]]:
    """(dataset, stored file) of every contact sheet; one query."""
    sheets = ContactSheet.objects.values_list("photo__dataset", "files")
    for dataset, files in sheets.iterator(chunk_size=500):
        for name in files.values():
            yield dataset, name


def photo_pixels() -> Iterator[tuple[int, str]]:
    """(dataset, pixel_sha256) of every photo; one query."""
    yield from Photo.objects.values_list("dataset", "pixel_sha256").iterator(chunk_size=2000)


def photo_files() -> Iterator[str]:
    """Yield the stored files of photos; one query."""
    yield from Photo.objects.values_list("file", flat=True).iterator(chunk_size=2000)


def rendition_files() -> Iterator[str]:
    """Yield the stored files of rendered pictures; one query."""
    stored = Rendition.objects.exclude(file="").values_list("file", flat=True)
    yield from stored.iterator(chunk_size=2000)


@dataclass(frozen=True, slots=True)
class Renditions:
    """Pictures of one dataset made one way, and the surveys that show them."""

    dataset: int
    name: str
    preset: str
    long_side: int
    encoding: str
    files: int
    bytes: int
    rows: int
    surveys: tuple[int, ...] = ()
    slugs: tuple[str, ...] = ()


def renditions_grouped(dataset: int | None = None) -> list[Renditions]:
    """Every way that pictures were made, by dataset; two queries over them."""
    made = Rendition.objects.all()
    if dataset is not None:
        made = made.filter(photo__dataset=dataset)
    ready = Q(state=Rendition.State.READY)
    groups = made.values_list(
        "photo__dataset", "photo__dataset__name", "preset", "long_side", "encoding"
    ).annotate(files=Count("pk", filter=ready), size=Sum("bytes"), rows=Count("pk"))
    showing: defaultdict[tuple[object, ...], list[tuple[int, str]]] = defaultdict(list)
    sources = SurveySource.objects.order_by("survey__slug")
    for survey, slug, *key in sources.values_list(
        "survey", "survey__slug", "dataset", "preset", "long_side", "encoding"
    ):
        showing[tuple(key)].append((survey, slug))
    found = []
    for pk, name, preset, side, encoding, files, size, rows in groups.order_by(
        "photo__dataset__name", "preset", "long_side", "encoding"
    ):
        shown = showing[pk, preset, side, encoding]
        found.append(
            Renditions(
                pk, name, preset, side, encoding, files, size or 0, rows,
                tuple(s for s, _slug in shown), tuple(slug for _s, slug in shown),
            )
        )  # fmt: skip
    return found
