"""Plan renditions, claim them for rendering, record what came out."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.files.storage import default_storage
from django.db import transaction

from models_app.distortions.registry import preset_get
from models_app.models import Job, Photo, Rendition, SurveySource
from models_app.selectors import pictures as selectors
from models_app.selectors.pictures import source_filter
from models_app.services.jobs import job_create
from models_app.services.leases import lease_hold

ORIGINAL = "original"
KIND = "render_survey"
# The pass that opens a survey goes before what can wait.
OPENING_PRIORITY = 5
State = Rendition.State


@dataclass(frozen=True, slots=True)
class Work:
    """Renditions of one photo at one size and encoding: decoded once, rendered together."""

    photo: Photo
    renditions: tuple[Rendition, ...]

    @property
    def batch(self) -> int:
        return self.renditions[0].batch


def conditions(preset: str) -> list[tuple[str, str]]:
    """(distortion, level) of the style family, pixel-identical levels left out.

    80 of the 81 levels of `pfister2021`, all 81 of `identity_zero`.
    """
    return [
        (entry.key, level.key)
        for entry in preset_get(preset).distortions.values()
        if entry.aspect == "style"
        for level in entry.levels
        if not level.identity
    ]


def renditions_plan(source: SurveySource) -> int:
    """Plan every missing rendition of a survey's photos; returns how many were new.

    Excluded photos are left out; what was planned of them before stays.
    """
    planned = conditions(source.preset)
    distortions = list(dict.fromkeys(distortion for distortion, _level in planned))
    before = Rendition.objects.filter(**source_filter(source)).count()
    photos = source.dataset.photos.filter(excluded_at=None).order_by("pk")
    # Their keys at once: SQLite cannot write from a connection that is still reading once somebody
    # else has written, and people vote meanwhile.
    for index, photo in enumerate(list(photos.values_list("pk", flat=True))):
        # The first pass renders another distortion for each photo, so that the survey opens
        # with several photos and several conditions.
        first = distortions[index % len(distortions)]
        Rendition.objects.bulk_create(
            [
                Rendition(
                    photo_id=photo,
                    distortion=distortion,
                    level=level,
                    preset=source.preset,
                    long_side=source.long_side,
                    encoding=source.encoding,
                    batch=0 if distortion in {ORIGINAL, first} else 1,
                )
                for distortion, level in [(ORIGINAL, ""), *planned]
            ],
            ignore_conflicts=True,
        )
    return Rendition.objects.filter(**source_filter(source)).count() - before


def rendering_request(source: SurveySource) -> list[Job]:
    """Launch the jobs that render what a survey lacks: one a worker, or none.

    Repeating it is free: while one of them is queued or running nothing is added.
    """
    with transaction.atomic():
        # Two requests at once launch one set of jobs.
        source = SurveySource.objects.select_for_update().get(pk=source.pk)
        slug = selectors.source_slug(source)
        if not selectors.renditions_pending(source) or selectors.rendering_jobs(slug).exists():
            return []
        parts = max(1, min(16, selectors.worker_slots(Job.Queue.CPU)))
        configs = [{"survey": slug, "part": part + 1, "parts": parts} for part in range(parts)]
        return [job_create(KIND, config, audited=False) for config in configs]


def rendering_ask_again() -> None:
    """Launch rendering where photos were added after the last job ended well.

    A job that was cancelled or failed waits for a person.
    """
    leases = Job.objects.filter(state=Job.State.RUNNING).values("lease")
    # Claims of nobody who works: none should be left, and one that is would never be rendered.
    lost = Rendition.objects.filter(state=State.PENDING).exclude(claimed_by="")
    lost.exclude(claimed_by__in=leases).update(claimed_by="")
    for source in selectors.sources_unfinished():
        last = selectors.rendering_last(selectors.source_slug(source))
        if all(job.state == Job.State.SUCCEEDED for job in last):
            rendering_request(source)


class _Faster(Exception):
    """Another worker claimed some of the same renditions a moment ago."""


def work_claim(source: SurveySource, *, job: Job) -> Work | None:
    """Claim the pending renditions of one of the survey's photos in the earliest pass, or None.

    Compare and set on `claimed_by`, the lease of the job; when that ends, the claim does. Raises
    LeaseLost: nobody would free what is claimed after that.
    """
    while True:
        try:
            return _work_claim(source, job)
        except _Faster:
            # What the other one took is no longer free, so this ends.
            continue


@transaction.atomic
def _work_claim(source: SurveySource, job: Job) -> Work | None:
    lease_hold(job)
    pending = Rendition.objects.filter(**source_filter(source), state=State.PENDING, claimed_by="")
    first = pending.order_by("batch", "photo").first()
    if first is None:
        return None
    same = pending.filter(batch=first.batch, photo=first.photo_id)
    keys = list(same.values_list("pk", flat=True))
    # By the rows' own columns only: with a join PostgreSQL looks them up before it waits for the
    # other worker, and not again after that.
    free = Rendition.objects.filter(pk__in=keys, state=State.PENDING, claimed_by="")
    if free.update(claimed_by=job.lease) != len(keys):
        raise _Faster
    photo = Photo.objects.get(pk=first.photo_id)
    renditions = Rendition.objects.filter(pk__in=keys).order_by("pk")
    return Work(photo, tuple(renditions))


def renditions_record(renditions: Sequence[Rendition]) -> None:
    """Store results; a rendition that somebody else finished meanwhile keeps that file."""
    fields = ("state", "file", "width", "height", "bytes", "error")
    with transaction.atomic():
        for rendition in renditions:
            values = {name: getattr(rendition, name) for name in fields}
            mine = Rendition.objects.filter(pk=rendition.pk, state=State.PENDING).update(**values)
            if not mine and rendition.file:
                default_storage.delete(rendition.file)
