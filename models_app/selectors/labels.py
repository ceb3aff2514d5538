"""Reads of labels: which sets there are, what people gave their images."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import Avg, Count, F, IntegerField, Max, Min, Q, StdDev
from django.db.models.functions import Cast, Floor, Least
from django.utils.translation import gettext as _

from models_app.models import Job, Label, LabelSet, LabelSplit, StudyPart

CHUNK = 2000


@dataclass(frozen=True, slots=True)
class SetRow:
    """A label set in the list."""

    label_set: LabelSet
    labels: int
    # With a photo behind them.
    with_photo: int
    splits: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A label set in numbers; of the means, on the set's own scale."""

    labels: int
    with_photo: int
    mean: float
    sd: float
    least: float
    most: float
    # People behind an image, on average; None where the file does not say.
    votes: float | None
    # Images that others are distorted copies of.
    references: int
    # Part -> labels, of what the file itself says; "" is none.
    parts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Label sets of images that a program drew, by name, and the datasets of these images."""

    names: frozenset[str]
    datasets: frozenset[int]


def label_sets() -> list[SetRow]:
    """Every label set, the newest first; three queries, one of them over the labels."""
    sets = LabelSet.objects.select_related("dataset").defer("report").order_by("-pk")
    counted = Label.objects.values_list("label_set").annotate(n=Count("pk"), seen=Count("photo"))
    labels = {pk: (n, seen) for pk, n, seen in counted.order_by()}
    splits = dict(LabelSplit.objects.values_list("label_set").annotate(n=Count("pk")).order_by())
    return [
        SetRow(each, *labels.get(each.pk, (0, 0)), splits=splits.get(each.pk, 0)) for each in sets
    ]


def label_set_get(pk: int) -> LabelSet | None:
    """One query."""
    return LabelSet.objects.select_related("dataset").filter(pk=pk).first()


def label_set_named(name: str) -> LabelSet | None:
    """One query."""
    return LabelSet.objects.select_related("dataset").filter(name=name).first()


def drawn_get() -> Drawn:
    """One query."""
    found = list(LabelSet.objects.filter(is_generated=True).only("name", "dataset"))
    datasets = (each.dataset_id for each in found)
    return Drawn(
        frozenset(each.name for each in found), frozenset(pk for pk in datasets if pk is not None)
    )


def label_set_choices() -> list[tuple[str, str]]:
    """(name, name) of every label set in the order of names, for the form of a job; one query."""
    names = LabelSet.objects.order_by("name").values_list("name", flat=True)
    return [(name, name) for name in names]


def labels_of(
    label_set: LabelSet, *, names: Collection[str] | None = None, with_photo: bool = False
) -> Iterator[Label]:
    """Yield the labels of a set with their photos, in the order of names; one query.

    `names` keeps only these, `with_photo` only those whose image is at hand and not excluded.
    """
    labels = label_set.labels.select_related("photo").order_by("name")
    if with_photo:
        labels = labels.filter(photo__isnull=False, photo__excluded_at=None)
    wanted = None if names is None else frozenset(names)
    for label in labels.iterator(chunk_size=CHUNK):
        if wanted is None or label.name in wanted:
            yield label


def figures_get(label_set: LabelSet) -> Figures | None:
    """Two queries over the labels; None where there are none."""
    # An aggregate that is called like the column hides it from the next one.
    found = label_set.labels.aggregate(
        labels=Count("pk"),
        with_photo=Count("photo"),
        mean_=Avg("mean"),
        sd_=StdDev("mean"),
        least=Min("mean"),
        most=Max("mean"),
        votes_=Avg("votes"),
        references=Count("reference", distinct=True, filter=~Q(reference="")),
    )
    if not found["labels"]:
        return None
    parts = label_set.labels.values_list("part").annotate(n=Count("pk")).order_by("part")
    named = {key.rstrip("_"): value for key, value in found.items()}
    return Figures(**named, parts=dict(parts))


def histogram(label_set: LabelSet, bins: int) -> list[int]:
    """Labels in each of so many equal parts of the scale, by mean; one query."""
    width = (label_set.scale_high - label_set.scale_low) / bins
    place = Cast(Floor((F("mean") - label_set.scale_low) / width), IntegerField())
    # The greatest score belongs to the last part.
    counted = label_set.labels.annotate(place=Least(place, bins - 1)).values_list("place")
    counts = [0] * bins
    for at, n in counted.annotate(n=Count("pk")).order_by():
        # A mean may lie below the scale by rounding.
        counts[max(0, at)] += n
    return counts


def labels_end(label_set: LabelSet, *, highest: bool, n: int) -> list[Label]:
    """Labels with photos at one end, the most extreme first; one query."""
    labels = label_set.labels.filter(photo__isnull=False).select_related("photo")
    return list(labels.order_by("-mean" if highest else "mean", "name")[:n])


def names_unseen(label_set: LabelSet) -> Iterator[str]:
    """Yield the names of labels without a photo, sorted; one query."""
    labels = label_set.labels.filter(photo=None).order_by("name")
    yield from labels.values_list("name", flat=True).iterator(chunk_size=CHUNK)


def label_set_users(label_set: LabelSet) -> list[str]:
    """Name the jobs and studies that refer to a set; three queries."""
    evaluated = set(label_set.evaluations.values_list("job", flat=True))
    told = set(Job.objects.filter(config__label_set=label_set.name).values_list("pk", flat=True))
    parts = StudyPart.objects.filter(config__label_set=label_set.name)
    studies = parts.order_by("study__name").values_list("study__name", flat=True).distinct()
    jobs = [_("job %(pk)d") % {"pk": pk} for pk in sorted(evaluated | told)]
    return jobs + [_("study %(name)s") % {"name": name} for name in studies]
