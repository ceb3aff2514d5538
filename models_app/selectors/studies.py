"""Reads of studies: their parts, how far they are, what they cost so far and to come."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from models_app.jobs import words
from models_app.models import Checkpoint, Evaluation, Job, Photo, Study, StudyPart
from models_app.selectors.study_images import IMAGES
from models_app.studies.base import EVALUATE, FINETUNE, PRETRAIN, REPORT

State = Job.State
# What a job's row needs for a study's page.
SLIM = ("log", "versions", "resume", "result")
OVER = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part and where it stands: a job's state, or waiting, blocked, refused."""

    part: StudyPart
    state: str

    @property
    def job(self) -> Job | None:
        return self.part.job

    @property
    def is_over(self) -> bool:
        """Whether nothing happens to it by itself."""
        return self.state in OVER or self.state in {"blocked", "refused"}


@dataclass(frozen=True, slots=True)
class Standing:
    """A study as a whole."""

    # running, cancelled, stopping, succeeded, failed
    state: str
    done: int
    total: int
    # Seconds that workers spent on its own jobs, and that reused ones had cost.
    spent_s: float
    reused_s: float
    # Seconds of work to come at measured rates; None while some of it was never measured.
    left_s: float | None
    # Parts whose cost nobody can tell yet.
    unmeasured: int

    @property
    def percent(self) -> float:
        return 100 * self.done / self.total if self.total else 0.0

    @property
    def is_over(self) -> bool:
        return self.state in {"cancelled", "succeeded", "failed"}


def studies() -> list[Study]:
    """Every study, the newest first, with its parts and their jobs; three queries."""
    return list(_with_parts(Study.objects.order_by("-pk")))


def study_get(pk: int) -> Study | None:
    """Three queries."""
    return _with_parts(Study.objects.filter(pk=pk)).first()


def parts_by_job(jobs: Collection[int]) -> dict[int, StudyPart]:
    """The first part that each of these jobs did, with its study; one query."""
    found = StudyPart.objects.filter(job__in=jobs).select_related("study").defer("config")
    return {part.job_id: part for part in found.order_by("-pk") if part.job_id is not None}


def study_named(name: str) -> Study | None:
    """Three queries."""
    return _with_parts(Study.objects.filter(name=name)).first()


def parts_shown(study: Study) -> list[PartRow]:
    """Parts in their order with their states; no query for a study of this module's reads."""
    parts = list(study.parts.all())
    states: dict[str, str] = {}
    for part in parts:
        states[part.key] = _state(part, states)
    return [PartRow(part, states[part.key]) for part in parts]


def standing(study: Study, rows: Iterable[PartRow], now: datetime) -> Standing:
    """Sum up a study; no query."""
    shown = list(rows)
    jobs = [row for row in shown if row.job is not None]
    spent = sum(words.worked_s(row.job, now) for row in jobs if row.job and not row.part.is_reused)
    reused = sum(row.job.worked_s for row in jobs if row.job and row.part.is_reused)
    left, unmeasured = _left(shown, now)
    return Standing(
        state=_study_state(study, shown),
        done=sum(row.state == State.SUCCEEDED for row in shown),
        total=len(shown),
        spent_s=spent,
        reused_s=reused,
        left_s=left if not unmeasured else None,
        unmeasured=unmeasured,
    )


def studies_waiting() -> list[int]:
    """Studies of which something may have to be launched; one query."""
    waiting = Study.objects.filter(cancelled_at=None, parts__job=None, parts__error="")
    return list(waiting.order_by("pk").values_list("pk", flat=True).distinct())


def studies_of(job: int) -> list[int]:
    """Studies that wait for a job, or may; one query."""
    found = StudyPart.objects.filter(job=job, study__cancelled_at=None)
    return sorted(set(found.values_list("study", flat=True)))


def jobs_to_cancel(study: Study) -> list[Job]:
    """Jobs of a study that nobody waits for once it is cancelled; one query.

    Among them those that it reused of a study which was cancelled before; not those that a person
    launched.
    """
    going_on = StudyPart.objects.filter(job=OuterRef("pk"), study__cancelled_at=None)
    launched = StudyPart.objects.filter(job=OuterRef("pk"), is_reused=False)
    mine = Job.objects.filter(pk__in=study.parts.exclude(job=None).values("job"))
    return list(mine.filter(Exists(launched), ~Exists(going_on.exclude(study=study))))


def job_like(kind: str, config: Mapping[str, Any], images: str) -> Job | None:
    """A job that does the same: succeeded with its weights still there, or at it; two queries.

    `images` is the digest of what it would take now: a job that took other images, or of which
    nobody noted them, is another one.
    """
    jobs = Job.objects.filter(
        kind=kind,
        state__in=[State.SUCCEEDED, State.QUEUED, State.RUNNING],
        cancel_requested_at=None,
        **{f"result__{IMAGES}": images},
    )
    made = Prefetch("made", Checkpoint.objects.only("pk", "made_by"))
    same = [
        job
        for job in jobs.only("pk", "kind", "state", "config", "created_at", "dataset")
        .prefetch_related(made)
        .order_by("-pk")
        if job.config == config and not _is_stale(job)
    ]
    finished = [job for job in same if job.state == State.SUCCEEDED]
    return next(iter(finished or same), None)


def checkpoint_made(part: StudyPart) -> Checkpoint | None:
    """The weights that came of a part's job; one query."""
    return Checkpoint.objects.filter(made_by=part.job_id).order_by("pk").first()


def evaluations_of(study: Study) -> dict[str, Evaluation]:
    """What the study's evaluations found, by the part's key; one query."""
    parts = {
        part.job_id: part.key
        for part in study.parts.all()
        if part.kind == EVALUATE and part.job_id is not None
    }
    found = Evaluation.objects.filter(job__in=parts).select_related(
        "checkpoint", "label_set", "split", "job"
    )
    return {parts[each.job_id]: each for each in found}


def results_of(study: Study, kind: str) -> dict[str, dict[str, Any]]:
    """Figures of the study's finished jobs of a kind, by the part's key; one query."""
    parts = {part.job_id: part.key for part in study.parts.all() if part.kind == kind}
    found = Job.objects.filter(pk__in=[pk for pk in parts if pk], state=State.SUCCEEDED)
    return {parts[pk]: result for pk, result in found.values_list("pk", "result")}


def _with_parts(studies: QuerySet[Study]) -> QuerySet[Study]:
    jobs = Job.objects.defer(*SLIM)
    parts = StudyPart.objects.prefetch_related(Prefetch("job", jobs)).order_by("order")
    return studies.prefetch_related(Prefetch("parts", parts))


def _state(part: StudyPart, states: Mapping[str, str]) -> str:
    """What it waits for comes before it, so their states are known."""
    if part.job is not None:
        return str(part.job.state)
    if part.error:
        return "refused"
    if part.kind == REPORT:
        return "waiting"
    dead = {State.FAILED, State.CANCELLED, "blocked", "refused"}
    return "blocked" if any(states.get(key, "refused") in dead for key in part.needs) else "waiting"


def _study_state(study: Study, rows: list[PartRow]) -> str:
    active = any(row.state in {State.QUEUED, State.RUNNING} for row in rows)
    if study.cancelled_at is not None:
        return "stopping" if active else "cancelled"
    if all(row.state == State.SUCCEEDED for row in rows):
        return "succeeded"
    waiting = any(row.state == "waiting" for row in rows if row.part.kind != REPORT)
    report = next((row for row in rows if row.part.kind == REPORT), None)
    evaluated = any(row.state == State.SUCCEEDED for row in rows if row.part.kind == EVALUATE)
    # The report comes last, where there is something to report.
    if active or waiting or (report and report.state == "waiting" and evaluated):
        return "running"
    return "failed"


def _left(rows: list[PartRow], now: datetime) -> tuple[float, int]:
    """Seconds of work to come, and how many parts nobody can tell of."""
    rates = _rates(rows, now)
    left, unmeasured = 0.0, 0
    for row in rows:
        if row.is_over:
            continue
        ahead = words.seconds_left(row.job) if row.job else None
        if ahead is None:
            each = rates.get(_like(row.part))
            if each is None:
                # A report takes seconds where the others take minutes.
                unmeasured += row.part.kind != REPORT
                continue
            ahead = each * _size(row.part)
            if row.job and row.state == State.RUNNING:
                ahead = max(0.0, ahead - words.worked_s(row.job, now))
        left += ahead
    return left, unmeasured


def _rates(rows: list[PartRow], now: datetime) -> dict[tuple[str, str], float]:
    """Mean seconds a unit of size, by what is alike; running jobs count as they are projected."""
    found: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row.job is None:
            continue
        seconds = words.worked_s(row.job, now)
        if row.state == State.RUNNING:
            ahead = words.seconds_left(row.job)
            if ahead is None:
                continue
            seconds += ahead
        elif row.state != State.SUCCEEDED:
            continue
        found.setdefault(_like(row.part), []).append(seconds / _size(row.part))
    means = {like: sum(each) / len(each) for like, each in found.items()}
    # Tasks of pretraining differ, but one that ran tells more than nothing.
    for row in rows:
        like = _like(row.part)
        if like not in means:
            same = [mean for (kind, _what), mean in means.items() if kind == row.part.kind]
            if same:
                means[like] = sum(same) / len(same)
    return means


def _like(part: StudyPart) -> tuple[str, str]:
    told = {PRETRAIN: "task", FINETUNE: "label_set", EVALUATE: "label_set"}.get(part.kind, "")
    return part.kind, str(part.config.get(told, ""))


def _size(part: StudyPart) -> float:
    return float(part.config.get("share", 1.0)) if part.kind == FINETUNE else 1.0


def _is_stale(job: Job) -> bool:
    """Whether its weights are gone, or its photos are others now; one query."""
    if job.state == State.SUCCEEDED and job.kind in {PRETRAIN, FINETUNE} and not job.made.all():
        return True
    if job.dataset_id is None:
        return False
    since = Q(excluded_at__gt=job.created_at)
    if job.kind == PRETRAIN:
        # Labels name their images; a pretraining takes whatever is there.
        since |= Q(created_at__gt=job.created_at)
    return Photo.objects.filter(since, dataset=job.dataset_id).exists()
