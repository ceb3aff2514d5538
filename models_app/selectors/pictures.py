"""Reads for dashboard, commands and tasks."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from models_app.clock import db_now
from models_app.distortions.registry import preset_get
from models_app.errors import JobInvalid
from models_app.models import (
    ContactSheet,
    Dataset,
    Job,
    Photo,
    Rendition,
    SurveySource,
    Worker,
)
from models_app.sheets.version import RENDERING


def source_filter(source: SurveySource) -> dict[str, Any]:
    """Which renditions a survey shows."""
    return {
        "photo__dataset": source.dataset_id,
        "preset": source.preset,
        "long_side": source.long_side,
        "encoding": source.encoding,
    }


def rendition_counts(slug: str) -> dict[str, Any]:
    """Pictures of a survey by state, and the first errors; three queries."""
    source = SurveySource.objects.filter(survey__slug=slug).first()
    counts: dict[str, Any] = dict.fromkeys(Rendition.State.values, 0)
    if source is None:
        return {**counts, "errors": []}
    mine = Rendition.objects.filter(**source_filter(source))
    counts |= dict(mine.values_list("state").annotate(n=Count("pk")).order_by())
    failed = mine.filter(state=Rendition.State.FAILED).select_related("photo")[:5]
    return {**counts, "errors": [f"{r.photo.name}: {r.error}" for r in failed]}


def renditions_pending(source: SurveySource, *, batch: int | None = None) -> int:
    """Pictures that a survey still lacks; one query."""
    mine = Rendition.objects.filter(**source_filter(source), state=Rendition.State.PENDING)
    return (mine if batch is None else mine.filter(batch=batch)).count()


def renditions_total(source: SurveySource) -> int:
    """One query."""
    return Rendition.objects.filter(**source_filter(source)).count()


def source_choices() -> list[tuple[str, str]]:
    """Surveys that show a dataset; one query."""
    found = SurveySource.objects.values_list("survey__slug", "survey__title")
    return [(slug, f"{slug}: {title}") for slug, title in found.order_by("survey__slug")]


def source_get(slug: str) -> SurveySource:
    """One query. Raises JobInvalid."""
    source = SurveySource.objects.select_related("dataset").filter(survey__slug=slug).first()
    if source is None:
        raise JobInvalid(
            _("There is no survey %(slug)r that shows a dataset.") % {"slug": slug}, "survey"
        )
    return source


def source_slug(source: SurveySource) -> str:
    """One query."""
    return str(SurveySource.objects.values_list("survey__slug", flat=True).get(pk=source.pk))


def sources_unfinished() -> list[SurveySource]:
    """Surveys with pictures to render; one query."""
    pending = Rendition.objects.filter(
        state=Rendition.State.PENDING,
        photo__dataset=OuterRef("dataset"),
        preset=OuterRef("preset"),
        long_side=OuterRef("long_side"),
        encoding=OuterRef("encoding"),
    )
    return list(SurveySource.objects.filter(Exists(pending)).order_by("pk"))


def rendering_jobs(slug: str) -> QuerySet[Job]:
    """Jobs that render a survey now, or wait to."""
    states = [Job.State.QUEUED, Job.State.RUNNING]
    return Job.objects.filter(kind="render_survey", state__in=states, config__survey=slug)


def rendering_last(slug: str) -> list[Job]:
    """Return the parts of the newest rendering of a survey; two queries."""
    mine = Job.objects.filter(kind="render_survey", config__survey=slug).order_by("-pk")
    newest = mine.first()
    return [] if newest is None else list(mine[: newest.config.get("parts", 1)])


def worker_slots(queue: str) -> int:
    """How many jobs of a queue the living workers can do at once; two queries."""
    alive = Worker.objects.filter(beat_at__gte=db_now() - timedelta(seconds=settings.JOB_LOST_S))
    return sum(w.slots for w in alive if queue in w.queues.split(","))


def datasets_shown() -> QuerySet[Dataset]:
    """Datasets that have photos, the newest first; one query."""
    return Dataset.objects.filter(photos__isnull=False).distinct().order_by("-created_at", "-pk")


def photo_get(pk: int) -> Photo | None:
    """One query."""
    return Photo.objects.select_related("dataset").filter(pk=pk).first()


def photo_first(dataset: int | None = None) -> Photo | None:
    """Return the first photo of a dataset, or of the newest one; one query."""
    photos = Photo.objects.select_related("dataset")
    if dataset is not None:
        photos = photos.filter(dataset=dataset)
    return photos.order_by("-dataset__created_at", "-dataset", "pk").first()


def photo_keys() -> tuple[int, int] | None:
    """Return the smallest and the largest key of all photos, None without any; one query."""
    found = Photo.objects.aggregate(least=Min("pk"), most=Max("pk"))
    return None if found["least"] is None else (found["least"], found["most"])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a photo stands in its dataset, and the keys of its neighbours."""

    number: int
    total: int
    previous: int | None
    next: int | None


def photo_place(photo: Photo) -> Place:
    """One query over the dataset's keys."""
    found = Photo.objects.filter(dataset=photo.dataset_id).aggregate(
        number=Count("pk", filter=Q(pk__lte=photo.pk)),
        total=Count("pk"),
        previous=Max("pk", filter=Q(pk__lt=photo.pk)),
        next=Min("pk", filter=Q(pk__gt=photo.pk)),
    )
    return Place(**found)


def partner_get(photo: Photo, preset: str) -> Photo | None:
    """Return the photo that a preset mixes this one with: the dataset's next, after the last the
    first. None where the preset mixes none or there is no other; at most two queries.
    """
    if not any(entry.mixes for entry in preset_get(preset).distortions.values()):
        return None
    others = Photo.objects.filter(dataset=photo.dataset_id).exclude(pk=photo.pk).order_by("pk")
    return others.filter(pk__gt=photo.pk).first() or others.first()


def sheet_version(photo: Photo, preset: str) -> str:
    """Tell a sheet of today from one of older formulas, or made with another partner."""
    partner = partner_get(photo, preset)
    return RENDERING if partner is None else f"{RENDERING}.{partner.pk}"


def sheet_get(photo: Photo, preset: str) -> ContactSheet | None:
    """Return a photo's contact sheet, unless it was made before the formulas changed."""
    current = Q(version=sheet_version(photo, preset)) | Q(state=ContactSheet.State.PENDING)
    found = ContactSheet.objects.filter(current, photo=photo, preset=preset)
    return found.select_related("job").first()


def sheet_failed(sheet: ContactSheet) -> bool:
    """Whether the job that should have made it ended without it."""
    pending = sheet.state == ContactSheet.State.PENDING
    return pending and (sheet.job is None or sheet.job.is_over)


def strip_file(sheet: int, distortion: str) -> str:
    """Return the stored name of one strip, or an empty text; one query."""
    files = ContactSheet.objects.filter(pk=sheet).values_list("files", flat=True).first()
    return str((files or {}).get(distortion, ""))
