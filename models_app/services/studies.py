"""Studies as graphs of jobs: start, go on when a job ends, cancel, resume.

Whatever launches locks the study's row, so that of two workers that end jobs at once one launches
what both would; each part takes its job by compare and set. What a crash kept from happening, the
next look of any worker makes up for.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from models_app.errors import JobConflict, JobInvalid
from models_app.jobs.config import config_dump, config_load
from models_app.jobs.registry import kind_get
from models_app.models import Job, LabelSet, Study, StudyPart
from models_app.selectors import studies as selectors
from models_app.selectors.study_images import IMAGES, ImagesNow
from models_app.services.jobs import job_cancel, job_create, job_resume
from models_app.services.study_checks import parts_check
from models_app.studies.base import EVALUATE, MADE_BY, REPORT
from models_app.studies.config import StudyConfig
from models_app.studies.planning import parts_plan
from survey.services.audit import audit_record

logger = logging.getLogger(__name__)
State = Job.State


def study_start(raw: object, *, by: User | None = None) -> Study:
    """Check a configuration, store the study and launch what needs nothing else.

    Raises JobInvalid, and then nothing is stored.
    """
    config = StudyConfig.from_json(raw)
    parts = parts_plan(config)
    parts_check(parts)
    label_sets = LabelSet.objects.filter(name__in=[config.labels, config.zero_shot])
    with transaction.atomic():
        try:
            with transaction.atomic():
                study = Study.objects.create(
                    name=config.name,
                    kind=config.kind,
                    config=config.to_json(),
                    is_generated=any(each.is_generated for each in label_sets),
                    created_by=by.get_username() if by else "",
                )
        except IntegrityError:
            raise JobInvalid(
                _("There is a study %(name)s already; choose another name, or resume that one.")
                % {"name": config.name},
                "name",
            ) from None
        StudyPart.objects.bulk_create(
            StudyPart(
                study=study,
                key=part.key,
                kind=part.kind,
                config=part.config,
                needs=list(part.needs),
                order=place,
            )
            for place, part in enumerate(parts)
        )
        _audit(by, "study.start", study, detail={"config": study.config})
        study_advance(study.pk, by=by)
    return study


@transaction.atomic
def study_advance(pk: int, *, by: User | None = None) -> int:
    """Launch every part that can be; returns how many were launched or found done already."""
    study = Study.objects.select_for_update().filter(pk=pk, cancelled_at=None).first()
    if study is None:
        return 0
    launched, images = 0, ImagesNow()
    while True:
        fresh = selectors.study_get(pk)
        if fresh is None:
            return launched
        _report_renew(fresh)
        ready = _ready(fresh)
        for part in ready:
            _part_launch(fresh, part, images, by=by)
        launched += len(ready)
        # A reused job may be over already and a refused part never begins: others wait for that.
        if not any(part.is_reused or part.error for part in ready):
            return launched


@transaction.atomic
def study_cancel(study: Study, *, by: User | None = None) -> bool:
    """Launch nothing more and cancel the study's jobs; False where that was asked before.

    Jobs that no study launched, or that another study waits for, go on.
    """
    Study.objects.select_for_update().filter(pk=study.pk).values_list("pk").first()
    if not Study.objects.filter(pk=study.pk, cancelled_at=None).update(cancelled_at=Now()):
        return False
    for job in selectors.jobs_to_cancel(study):
        job_cancel(job, by=by)
    _audit(by, "study.cancel", study)
    return True


@transaction.atomic
def study_resume(study: Study, *, by: User | None = None) -> int:
    """Go on: failed and cancelled jobs from what they saved, refused parts again, a new report.

    Returns how many jobs were launched or resumed. Raises JobConflict where a job of it is still
    stopping, or where nothing is left to do.
    """
    Study.objects.select_for_update().filter(pk=study.pk).values_list("pk").first()
    found = selectors.study_get(study.pk)
    if found is None:
        raise JobConflict(_("This study was deleted meanwhile."))
    rows = selectors.parts_shown(found)
    if any(row.job and not row.job.is_over and row.job.cancel_requested_at for row in rows):
        raise JobConflict(_("A job of this study is still stopping; resume it in a moment."))
    again = [row.part for row in rows if row.state in {State.FAILED, State.CANCELLED}]
    refused = study.parts.exclude(error="").update(error="")
    unlocked = (
        Study.objects.filter(pk=study.pk).exclude(cancelled_at=None).update(cancelled_at=None)
    )
    for part in again:
        if part.kind == REPORT:
            StudyPart.objects.filter(pk=part.pk).update(job=None)
        elif part.job is not None:
            job_resume(part.job, by=by)
    launched = study_advance(study.pk, by=by)
    if not (again or refused or unlocked or launched):
        raise JobConflict(
            _("Study %(name)s has nothing to resume: all its parts are done or under way.")
            % {"name": study.name}
        )
    _audit(by, "study.resume", study)
    return launched + len(again)


@transaction.atomic
def report_again(study: Study, *, by: User | None = None) -> None:
    """Make the report anew. Raises JobConflict while one is under way."""
    Study.objects.select_for_update().filter(pk=study.pk).values_list("pk").first()
    part = study.parts.select_related("job").get(kind=REPORT)
    if part.job is not None and not part.job.is_over:
        raise JobConflict(_("A report is under way; it is here in a moment."))
    _job_take(part, job_create(REPORT, part.config, by=by), is_reused=False)


@transaction.atomic
def study_delete(study: Study, *, by: User | None = None) -> None:
    """Forget a study; its jobs and what they made stay. Raises JobConflict while it goes on."""
    locked = Study.objects.select_for_update().filter(pk=study.pk).first()
    found = selectors.study_get(study.pk)
    if locked is None or found is None:
        return
    if any(row.job and not row.job.is_over for row in selectors.parts_shown(found)):
        raise JobConflict(_("Study %(name)s is under way; cancel it first.") % {"name": study.name})
    _audit(by, "study.delete", locked, detail={"config": locked.config})
    locked.delete()


def job_ended(pk: int) -> None:
    """Let studies go on that wait for a job; called when its end is on the disk.

    Nothing that goes wrong here is the job's: the next look of any worker tries again.
    """
    for study in selectors.studies_of(pk):
        _advance_safely(study)


def studies_reconcile() -> None:
    """Make up for what a crash between the end of a job and the next launch left undone."""
    for study in selectors.studies_waiting():
        _advance_safely(study)


def _advance_safely(pk: int) -> None:
    try:
        study_advance(pk)
    except DatabaseError as error:
        logger.warning("study %s: the next jobs are launched later (%s)", pk, error)
    except Exception:
        # One study that cannot go on must not keep a worker from its jobs.
        logger.exception("study %s: the next jobs could not be launched", pk)


def _ready(study: Study) -> list[StudyPart]:
    rows = selectors.parts_shown(study)
    succeeded = {row.part.key for row in rows if row.state == State.SUCCEEDED}
    ready = [
        row.part
        for row in rows
        if row.state == "waiting"
        and row.part.kind != REPORT
        and succeeded.issuperset(row.part.needs)
    ]
    jobs = [row for row in rows if row.part.kind != REPORT]
    if all(row.is_over for row in jobs) and any(
        row.state == State.SUCCEEDED and row.part.kind == EVALUATE for row in jobs
    ):
        ready += [row.part for row in rows if row.part.kind == REPORT and row.state == "waiting"]
    return ready


def _report_renew(study: Study) -> None:
    """Take its job from a report that is older than what it reports of."""
    parts = list(study.parts.all())
    report = next(part for part in parts if part.kind == REPORT)
    if report.job is None or not report.job.is_over:
        return
    ends = [part.job.finished_at for part in parts if part.job and part is not report]
    if any(end is not None and end > report.job.created_at for end in ends):
        StudyPart.objects.filter(pk=report.pk, job=report.job).update(job=None)
        report.job = None


def _part_launch(study: Study, part: StudyPart, images: ImagesNow, *, by: User | None) -> None:
    """Give a part its job, a new one or one that does the same; what is refused is written down."""
    try:
        with transaction.atomic():
            config = _resolved(study, part.config)
            kind = kind_get(part.kind)
            checked = config_dump(config_load(kind.config_type, config))
            taken = images.digest(part.kind, checked) if part.kind != REPORT else ""
            found = None
            if study.config["reuse"] and taken:
                found = selectors.job_like(part.kind, checked, taken)
            job = found or job_create(part.kind, config, by=by, audited=by is not None)
            if taken and found is None:
                Job.objects.filter(pk=job.pk).update(result={IMAGES: taken})
            _job_take(part, job, is_reused=found is not None)
    except JobInvalid as error:
        part.error = str(error)
        part.save(update_fields=["error"])


def _job_take(part: StudyPart, job: Job, *, is_reused: bool) -> None:
    mine = StudyPart.objects.filter(pk=part.pk, job=part.job_id)
    if not mine.update(job=job, is_reused=is_reused, error=""):
        raise JobConflict(_("Part %(key)s has a job meanwhile.") % {"key": part.key})
    part.job, part.is_reused = job, is_reused


def _resolved(study: Study, config: Mapping[str, Any]) -> dict[str, Any]:
    """Put names of checkpoints where parts are named that made them. Raises JobInvalid."""
    parts = {part.key: part for part in study.parts.all()}
    found = {}
    for name, value in config.items():
        if not isinstance(value, Mapping):
            found[name] = value
            continue
        made = selectors.checkpoint_made(parts[value[MADE_BY]])
        if made is None:
            raise JobInvalid(
                _("The weights of %(key)s are gone; delete its job, then resume the study.")
                % {"key": value[MADE_BY]}
            )
        found[name] = made.name
    return found


def _audit(
    by: User | None, action: str, study: Study, *, detail: dict[str, Any] | None = None
) -> None:
    audit_record(
        actor=by,
        action=action,
        target="study",
        target_id=study.pk,
        label=study.name,
        detail=detail,
    )
