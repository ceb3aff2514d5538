"""Reads of jobs and workers for pages and commands."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Case, Count, FloatField, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce

from models_app.clock import db_now
from models_app.jobs.registry import REGISTRY
from models_app.models import Dataset, Job, JobArtifact, Photo, Worker

State = Job.State
# An address may name more than a database can hold.
LARGEST_KEY = 2**63 - 1
# Long fields that a row of the board does not show; on SQLite each costs a chain of pages.
LONG = ("log", "config", "versions", "result", "resume")
# Sorts before every job that runs or waits.
NEVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
SORTS: dict[str, tuple[str, ...]] = {
    "newest": ("-pk",),
    "longest": ("rank", "began", "-pk"),
    "progress": ("rank", "-share", "-pk"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs a board shows; an empty value asks for nothing."""

    state: str = ""
    kind: str = ""
    queue: str = ""
    dataset: int | None = None
    by: int | None = None
    text: str = ""
    # Also the small work that pages ask for, such as contact sheets.
    small: bool = False
    sort: str = "newest"


@dataclass(frozen=True, slots=True)
class Page:
    jobs: list[Job]
    # Where the next page begins; None on the last one.
    after: list[Any] | None


@dataclass(slots=True)
class Alive:
    """A worker that said so lately, and the jobs that its processes do now."""

    worker: Worker
    jobs: list[Job] = field(default_factory=list)


def small_kinds() -> list[str]:
    return [key for key, entry in REGISTRY.items() if entry.small]


def jobs_wanted(wanted: Wanted) -> QuerySet[Job]:
    """Jobs of a board in no order."""
    jobs = Job.objects.all()
    if wanted.kind:
        jobs = jobs.filter(kind=wanted.kind)
    elif not wanted.small:
        jobs = jobs.exclude(kind__in=small_kinds())
    exact = {
        "state": wanted.state,
        "queue": wanted.queue,
        "dataset": wanted.dataset,
        "created_by": wanted.by,
    }
    jobs = jobs.filter(**{name: value for name, value in exact.items() if value})
    if wanted.text:
        number = wanted.text.removeprefix("#")
        named = Q(label__icontains=wanted.text)
        if number.isascii() and number.isdigit() and len(number) < 19:
            named |= Q(pk=int(number))
        jobs = jobs.filter(named)
    return jobs


def jobs_page(wanted: Wanted, *, after: list[Any] | None = None, rows: int) -> Page:
    """One page, from a place that `Page.after` gave; one query. Raises ValueError for another."""
    order = SORTS[wanted.sort]
    jobs = _sortable(jobs_wanted(wanted), wanted.sort)
    if after is not None:
        jobs = jobs.filter(_beyond(order, _place(wanted.sort, after)))
    found = list(
        jobs.order_by(*order).defer(*LONG).select_related("created_by", "dataset")[: rows + 1]
    )
    more = len(found) > rows
    return Page(found[:rows], _place_of(found[rows - 1], order) if more else None)


def jobs_newer(wanted: Wanted, *, than: int) -> int:
    """How many jobs of a board came after the newest that it shows; one query."""
    return jobs_wanted(wanted).filter(pk__gt=than).count()


def jobs_shown(pks: list[int]) -> list[Job]:
    """One query."""
    return list(Job.objects.filter(pk__in=pks).defer(*LONG).order_by("pk"))


def states_counted(*, small: bool) -> dict[str, int]:
    """Jobs by state; one query over an index."""
    counts = dict.fromkeys(State.values, 0)
    jobs = Job.objects.all() if small else Job.objects.exclude(kind__in=small_kinds())
    return counts | dict(jobs.values_list("state").annotate(n=Count("pk")).order_by())


def positions(jobs: list[Job]) -> dict[int, int]:
    """Places in the queue, from 1, of those that wait; one query a queue that one of them is in.

    It walks the index job_next from the head of the queue: some milliseconds for 10,000 jobs.
    """
    found: dict[int, int] = {}
    for queue in {job.queue for job in jobs if job.state == State.QUEUED}:
        mine = {job.pk for job in jobs if job.state == State.QUEUED and job.queue == queue}
        waiting = Job.objects.filter(state=State.QUEUED, queue=queue)
        line = waiting.order_by("-priority", "queued_at", "pk").values_list("pk", flat=True)
        for place, pk in enumerate(line.iterator(chunk_size=2000), start=1):
            if pk in mine:
                found[pk] = place
    return found


def workers_known() -> tuple[list[Alive], list[Worker]]:
    """Living workers with their jobs, and those that fell silent; three queries."""
    since = db_now() - timedelta(seconds=settings.JOB_LOST_S)
    workers = list(Worker.objects.order_by("host", "started_at", "pk"))
    alive = {w.name: Alive(w) for w in workers if w.beat_at >= since}
    running = Job.objects.filter(state=State.RUNNING).only("pk", "label", "kind", "worker")
    for job in running.order_by("pk"):
        # host/main process/own process
        found = alive.get(job.worker.rpartition("/")[0])
        if found:
            found.jobs.append(job)
    return list(alive.values()), [w for w in workers if w.beat_at < since]


def queues_deserted(alive: list[Alive]) -> list[tuple[str, int]]:
    """Queues with waiting jobs that no living worker takes, with their number; one query."""
    served = {queue for each in alive for queue in each.worker.queues.split(",")}
    waiting = Job.objects.filter(state=State.QUEUED).values_list("queue")
    counts = waiting.annotate(n=Count("pk")).order_by("queue")
    return [(queue, n) for queue, n in counts if queue not in served]


def queue_deserted(queue: str, now: datetime) -> int:
    """How many jobs wait in a queue that no living worker takes; 0 where one does; two queries."""
    since = now - timedelta(seconds=settings.JOB_LOST_S)
    alive = Worker.objects.filter(beat_at__gte=since).values_list("queues", flat=True)
    if any(queue in queues.split(",") for queues in alive):
        return 0
    return Job.objects.filter(state=State.QUEUED, queue=queue).count()


def job_get(pk: int) -> Job | None:
    """A job with what its page names; one query."""
    if pk > LARGEST_KEY:
        return None
    linked = Job.objects.select_related("created_by", "dataset", "checkpoint", "cloned_from")
    return linked.filter(pk=pk).first()


def jobs_get(pks: list[int]) -> dict[int, Job]:
    """One query."""
    return Job.objects.in_bulk(pks)


def clones(job: Job) -> list[Job]:
    """The newest copies of a job; one query."""
    return list(job.clones.only("pk", "label", "state", "cloned_from").order_by("-pk")[:20])


def artifacts(job: Job) -> list[JobArtifact]:
    """One query."""
    return list(job.artifacts.order_by("name"))


def artifact_get(job: int, artifact: int) -> JobArtifact | None:
    """One query."""
    if max(job, artifact) > LARGEST_KEY:
        return None
    return JobArtifact.objects.select_related("job").filter(pk=artifact, job=job).first()


def photos_counted(dataset: Dataset) -> int:
    """One query."""
    return Photo.objects.filter(dataset=dataset).count()


def people() -> list[tuple[int, str]]:
    """Whoever launched something, by name; one query."""
    launched = Job.objects.exclude(created_by=None).values("created_by").distinct()
    found = User.objects.filter(pk__in=launched).order_by("username")
    return list(found.values_list("pk", "username"))


def datasets() -> list[tuple[int, str]]:
    """One query."""
    return list(Dataset.objects.order_by("name").values_list("pk", "name"))


def _sortable(jobs: QuerySet[Job], sort: str) -> QuerySet[Job]:
    if sort == "newest":
        return jobs
    rank = Case(
        When(state=State.RUNNING, then=0),
        When(state=State.QUEUED, then=1),
        default=2,
        output_field=IntegerField(),
    )
    if sort == "longest":
        began = Case(
            When(state__in=[State.RUNNING, State.QUEUED], then=Coalesce("started_at", "queued_at")),
            default=Value(NEVER),
        )
        return jobs.annotate(rank=rank, began=began)
    share = Case(
        When(total__gt=0, then=Cast("done", FloatField()) / Cast("total", FloatField())),
        default=Value(-1.0),
        output_field=FloatField(),
    )
    return jobs.annotate(rank=rank, share=share)


def _place_of(job: Job, order: tuple[str, ...]) -> list[Any]:
    values = [getattr(job, name.lstrip("-")) for name in order]
    return [v.isoformat() if isinstance(v, datetime) else v for v in values]


def _place(sort: str, after: list[Any]) -> list[Any]:
    kinds: dict[str, tuple[Any, ...]] = {
        "newest": (int,),
        "longest": (int, datetime.fromisoformat, int),
        "progress": (int, float, int),
    }
    if len(after) != len(kinds[sort]):
        raise ValueError(after)
    try:
        return [read(value) for read, value in zip(kinds[sort], after, strict=True)]
    except (TypeError, OverflowError) as error:
        raise ValueError(after) from error


def _beyond(order: tuple[str, ...], place: list[Any]) -> Q:
    """What comes after a place, in an order whose last column is unique."""
    beyond, same = Q(), Q()
    for name, value in zip(order, place, strict=True):
        column = name.lstrip("-")
        step = "lt" if name.startswith("-") else "gt"
        beyond |= same & Q(**{f"{column}__{step}": value})
        same &= Q(**{column: value})
    return beyond
