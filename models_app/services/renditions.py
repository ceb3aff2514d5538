"""Plan renditions, claim them for rendering, record what came out."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from celery import current_app
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from models_app.distortions.registry import preset_get
from models_app.models import Photo, Rendition, SurveySource
from models_app.selectors import source_filter

logger = logging.getLogger(__name__)

ORIGINAL = "original"
# Older than this a claim belongs to a worker that died: rendering one photo takes seconds.
CLAIM_S = 120
# How long after finding nothing but other workers' claims to look again.
LOOK_AGAIN_S = 30
TASK = "models_app.render_missing"
State = Rendition.State


@dataclass(frozen=True, slots=True)
class Work:
    """Renditions of one photo at one size and encoding: decoded once, rendered together."""

    photo: Photo
    renditions: tuple[Rendition, ...]


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
    """Plan every missing rendition of a survey's photos; returns how many were new."""
    planned = conditions(source.preset)
    distortions = list(dict.fromkeys(distortion for distortion, _level in planned))
    before = Rendition.objects.filter(**source_filter(source)).count()
    photos = source.dataset.photos.order_by("pk")
    for index, photo in enumerate(photos.iterator(chunk_size=200)):
        # The first pass renders another distortion for each photo, so that the survey opens
        # with several photos and several conditions.
        first = distortions[index % len(distortions)]
        Rendition.objects.bulk_create(
            [
                Rendition(
                    photo=photo,
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


def rendering_request(*, after_s: int = 0) -> None:
    """Ask a worker to render what is missing; rows decide what that is, so asking is free.

    Without a broker nothing is lost: every worker asks again when it starts.
    """
    transaction.on_commit(lambda: _send(after_s))


def _send(after_s: int) -> None:
    try:
        current_app.send_task(TASK, countdown=after_s or None)
    except OperationalError as error:
        logger.warning("no broker (%s); pictures are rendered once a worker starts", error)


class _Faster(Exception):
    """Another worker claimed some of the same renditions a moment ago."""


def work_claim() -> Work | None:
    """Claim the pending renditions of one photo in the earliest pass, or None.

    Compare and set on `claimed_at`: a second worker, or a message delivered twice, gets another
    photo or nothing.
    """
    while True:
        try:
            return _work_claim()
        except _Faster:
            # What the other one took is no longer free, so this ends.
            continue


@transaction.atomic
def _work_claim() -> Work | None:
    now = timezone.now()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - timedelta(seconds=CLAIM_S))
    pending = Rendition.objects.filter(free, state=State.PENDING)
    first = pending.order_by("batch", "photo").first()
    if first is None:
        return None
    same = pending.filter(
        batch=first.batch,
        photo=first.photo_id,
        preset=first.preset,
        long_side=first.long_side,
        encoding=first.encoding,
    )
    keys = list(same.values_list("pk", flat=True))
    if pending.filter(pk__in=keys).update(claimed_at=now) != len(keys):
        raise _Faster
    photo = Photo.objects.get(pk=first.photo_id)
    renditions = Rendition.objects.filter(pk__in=keys).order_by("pk")
    return Work(photo, tuple(renditions))


def work_release(work: Work) -> None:
    """Give back what could not be rendered, so that the next worker need not wait."""
    keys = [rendition.pk for rendition in work.renditions]
    Rendition.objects.filter(pk__in=keys, state=State.PENDING).update(claimed_at=None)


def renditions_record(renditions: Sequence[Rendition]) -> None:
    """Store results; a rendition that somebody else finished meanwhile keeps that file."""
    fields = ("state", "file", "width", "height", "bytes", "error")
    with transaction.atomic():
        for rendition in renditions:
            values = {name: getattr(rendition, name) for name in fields}
            mine = Rendition.objects.filter(pk=rendition.pk, state=State.PENDING).update(**values)
            if not mine and rendition.file:
                default_storage.delete(rendition.file)
