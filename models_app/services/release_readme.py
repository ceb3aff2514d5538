"""What a release says of itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from models_app.models import Dataset, Job
from models_app.selectors import datasets as selectors
from models_app.selectors.datasets import Totals
from models_app.selectors.photos import Checks


@dataclass(slots=True)
class Released:
    """What a release holds."""

    photos: int = 0
    excluded: int = 0
    # Original files in the zip.
    files: int = 0
    # Survey's short name -> votes.
    votes: dict[str, int] = field(default_factory=dict)
    # Path in the zip -> SHA-256.
    sums: dict[str, str] = field(default_factory=dict)


def readme_lines(dataset: Dataset, totals: Totals, checks: Checks, done: Released) -> Iterator[str]:
    """Yield README.txt; no time in it, so that the same data give the same text."""
    yield _("Dataset %(name)s") % {"name": dataset.name} + "\n\n"
    if selectors.is_generated(dataset):
        yield _(
            "GENERATED IMAGES: drawn by a program; what is learnt or measured here checks the "
            "plumbing and nothing else."
        ) + "\n\n"  # fmt: skip
    yield from _photos(totals, done)
    yield from _checks(checks)
    yield from _surveys(dataset, done)
    yield "\n" + _("Files") + "\n"
    for name, meaning in (
        ("manifest.csv", _("one row a photo; manifest-codebook.csv explains the columns")),
        ("credits.csv", _("whose photos they are, and under which licence, if known")),
        ("surveys/", _("votes of each survey, one row a vote, with a codebook")),
        ("photos/", _("original files, byte for byte, if they are part of this release")),
        ("sha256sums.txt", _("check all files with: sha256sum -c sha256sums.txt")),
    ):
        yield f"  {name:20} {meaning}\n"
    yield "\n" + _(
        "In CSV files a text that a spreadsheet would take for a formula begins with an apostrophe."
    ) + "\n"  # fmt: skip


def _photos(totals: Totals, done: Released) -> Iterator[str]:
    yield _("Photos: %(n)d, of which %(excluded)d are excluded (see the manifest).") % {
        "n": done.photos, "excluded": done.excluded,
    } + "\n"  # fmt: skip
    for split, (n, _excluded) in totals.splits.items():
        yield f"  {split or _('no split')}: {n}\n"
    yield _("Original files in this release: %(n)d; none of excluded photos.") % {
        "n": done.files
    } + "\n"  # fmt: skip
    if totals.uncredited:
        yield _(
            "Photos without a credit: %(n)d. Find out their licence before you pass them on."
        ) % {"n": totals.uncredited} + "\n"  # fmt: skip


def _checks(checks: Checks) -> Iterator[str]:
    for job, title in (
        (checks.nima, _("Scores (NIMA check)")),
        (checks.diversity, _("Classes and objects (diversity check)")),
    ):
        yield f"\n{title}\n"
        if job is None:
            yield "  " + _("none was made") + "\n"
        else:
            yield from _job(job)


def _job(job: Job) -> Iterator[str]:
    finished = f"{job.finished_at:%Y-%m-%d %H:%M} UTC" if job.finished_at else ""
    yield "  " + _("job %(key)d: %(label)s, finished %(time)s") % {
        "key": job.pk, "label": job.label, "time": finished,
    } + "\n"  # fmt: skip
    checkpoint = job.checkpoint
    if checkpoint is None:
        return
    if checkpoint.is_random:
        yield "  " + _("RANDOM WEIGHTS: nobody trained them; these results mean nothing.") + "\n"
    yield "  " + _("weights %(name)s (%(architecture)s), SHA-256 %(sha)s") % {
        "name": checkpoint.name, "architecture": checkpoint.architecture, "sha": checkpoint.sha256,
    } + "\n"  # fmt: skip
    if checkpoint.source:
        yield "  " + _("from %(source)s") % {"source": checkpoint.source} + "\n"
    steps = ", ".join(f"{key}={checkpoint.preprocessing[key]}" for key in checkpoint.preprocessing)
    if steps:
        yield "  " + _("preprocessing: %(steps)s") % {"steps": steps} + "\n"


def _surveys(dataset: Dataset, done: Released) -> Iterator[str]:
    yield "\n" + _("Surveys") + "\n"
    surveys = selectors.dataset_surveys(dataset)
    for slug, title, _state in surveys:
        yield f"  {slug} ({title}): " + _("%(n)d votes") % {"n": done.votes.get(slug, 0)} + "\n"
    if not surveys:
        yield "  " + _("none shows this dataset") + "\n"
