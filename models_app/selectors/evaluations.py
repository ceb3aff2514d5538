"""Reads of evaluations: the list, one, several of one split, what may be judged."""

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from models_app.models import Evaluation, Job, LabelSet, Photo, PhotoScore
from models_app.selectors.findings import CHUNK

EVALUATE = "evaluate"
COMPARE = "compare_evaluations"
COMPARISON = "comparison.json"
# More rows than this, and a list is no help.
MOST_LISTED = 300
LONG = ("job__log", "job__versions", "job__resume", "split__members", "label_set__report")
Said = tuple[float, list[float]]


def evaluations_shown(
    *, label_set: int | None = None, split: str = "", part: str = "", checkpoint: int | None = None
) -> list[Evaluation]:
    """Evaluations, the newest first; `split` is a hash. One query."""
    exact = {
        "label_set": label_set, "split_sha256": split, "part": part, "checkpoint": checkpoint
    }  # fmt: skip
    found = _linked().filter(**{name: value for name, value in exact.items() if value})
    return list(found.order_by("-pk")[:MOST_LISTED])


def evaluation_get(pk: int) -> Evaluation | None:
    """One query."""
    return _linked().filter(pk=pk).first()


def evaluations_chosen(pks: Iterable[int]) -> list[Evaluation]:
    """Some of them, in the order in which they were made; one query."""
    return list(_linked().filter(pk__in=list(pks)).order_by("pk"))


def evaluations_alike(evaluation: Evaluation) -> list[Evaluation]:
    """Others of the same images, which can be compared with it; one query."""
    alike = evaluations_shown(
        label_set=evaluation.label_set_id, split=evaluation.split_sha256, part=evaluation.part
    )
    return [
        each
        for each in alike
        if each.pk != evaluation.pk
        and (each.split_sha256, each.part) == (evaluation.split_sha256, evaluation.part)
    ]


def jobs_unfinished() -> list[Job]:
    """Evaluations that run, wait, failed or were cancelled, the newest first; one query."""
    jobs = Job.objects.filter(kind=EVALUATE).exclude(state=Job.State.SUCCEEDED)
    jobs = jobs.select_related("checkpoint", "dataset").defer("log", "versions", "resume")
    return list(jobs.order_by("-pk")[:50])


def evaluation_job(pk: int) -> Job | None:
    """A job that evaluates; one query."""
    return Job.objects.filter(pk=pk, kind=EVALUATE).select_related("checkpoint").first()


def evaluation_of(job: Job) -> Evaluation | None:
    """One query."""
    return _linked().filter(job=job).first()


def comparison_job(pks: Iterable[int], baseline: int) -> Job | None:
    """The newest comparison of just these evaluations, with its files; two queries."""
    text = ",".join(map(str, sorted(pks)))
    jobs = Job.objects.filter(
        kind=COMPARE, config__evaluations=text, config__baseline=baseline
    ).exclude(state=Job.State.CANCELLED)
    return jobs.prefetch_related("artifacts").order_by("-pk").first()


def comparison_get(pk: int) -> Job | None:
    """One query."""
    return Job.objects.filter(kind=COMPARE, pk=pk).first()


def label_sets_evaluated() -> list[LabelSet]:
    """One query."""
    found = LabelSet.objects.filter(evaluations__isnull=False).distinct()
    return list(found.defer("report").order_by("name"))


def label_set_choices() -> list[tuple[str, str]]:
    """Names of label sets of which an image is at hand, the newest first; one query."""
    found = LabelSet.objects.filter(labels__photo__isnull=False).distinct().order_by("-pk")
    return [
        (name, _("%(name)s (generated images)") % {"name": name} if generated else name)
        for name, generated in found.values_list("name", "is_generated")
    ]


def split_names(label_set: LabelSet) -> list[str]:
    """One query."""
    return list(label_set.splits.order_by("name").values_list("name", flat=True))


def labels_at_hand(label_set: LabelSet) -> list[tuple[str, int]]:
    """Names of labels with the keys of their photos, but for excluded ones; one query."""
    found = label_set.labels.filter(photo__isnull=False, photo__excluded_at=None)
    return list(found.values_list("name", "photo_id"))


def pictures(label_set: LabelSet) -> Iterator[tuple[str, str]]:
    """Yield names of labels with the hash of their photo's pixels, where there is one; one query.

    Excluded photos are among them: they may have been used before that.
    """
    found = label_set.labels.filter(photo__isnull=False)
    rows = found.values_list("name", "photo__pixel_sha256").order_by()
    yield from rows.iterator(chunk_size=CHUNK)


def photos_named(label_set: LabelSet, names: Iterable[str]) -> dict[str, Photo]:
    """Photos of a few labels by the labels' names; one query."""
    labels = label_set.labels.filter(name__in=list(names), photo__isnull=False)
    return {each.name: each.photo for each in labels.select_related("photo") if each.photo}


def scores_by_photo(job: Job) -> dict[int, Said]:
    """Mean score and distribution over 1 to 10 of every photo that a job judged; one query."""
    rows = PhotoScore.objects.filter(job=job).values_list("photo", "mean", "distribution")
    return {photo: (mean, shares) for photo, mean, shares in rows.iterator(chunk_size=CHUNK)}


def _linked() -> QuerySet[Evaluation]:
    linked = ("job", "checkpoint", "checkpoint__made_by", "label_set", "split")
    return Evaluation.objects.select_related(*linked).defer(*LONG)
