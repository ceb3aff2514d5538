"""Reads of imports: what became of each file."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from models_app.models import ImportedFile, Job

KIND = "import_photos"
Outcome = ImportedFile.Outcome
PAGE = 100
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class ReportPage:
    rows: list[ImportedFile]
    number: int
    pages: int
    total: int


def import_get(pk: int) -> Job | None:
    """One query."""
    jobs = Job.objects.select_related("dataset", "created_by")
    return jobs.filter(pk=pk, kind=KIND).first()


def imports_latest(n: int) -> list[Job]:
    """The newest imports; one query."""
    return list(Job.objects.filter(kind=KIND).select_related("created_by").order_by("-pk")[:n])


def counts(job: Job) -> dict[str, int]:
    """Files by outcome, all three; one query."""
    found = dict(_files(job).values_list("outcome").annotate(n=Count("pk")).order_by())
    return {outcome.value: found.get(outcome.value, 0) for outcome in Outcome}


def places_done(job: Job) -> set[int]:
    """Places of the files that attempts have recorded; one query."""
    return set(_files(job).values_list("place", flat=True))


def photos_mine(job: Job) -> set[int]:
    """Keys of the photos that this import brought; one query."""
    mine = _files(job).filter(outcome=Outcome.IMPORTED, photo__isnull=False)
    return set(mine.values_list("photo_id", flat=True))


def uncredited(job: Job) -> int:
    """Of its photos, those whose credit nobody knows; one query."""
    photos = _files(job).filter(photo__isnull=False, photo__credit="")
    return photos.values("photo").distinct().count()


def report_page(job: Job, outcome: str, *, number: int) -> ReportPage:
    """One page of the report, narrowed to an outcome if one is given; two queries."""
    rows = _files(job)
    if outcome:
        rows = rows.filter(outcome=outcome)
    total = rows.count()
    pages = max(1, -(-total // PAGE))
    number = min(max(1, number), pages)
    start = (number - 1) * PAGE
    shown = rows.select_related("photo").order_by("place")[start : start + PAGE]
    return ReportPage(list(shown), number, pages, total)


def report_rows(job: Job) -> Iterator[ImportedFile]:
    """Every file in the archive's order; one query, 2000 rows at a time."""
    rows = _files(job).select_related("photo").order_by("place")
    return rows.iterator(chunk_size=CHUNK)


def _files(job: Job) -> QuerySet[ImportedFile]:
    return ImportedFile.objects.filter(job=job)
