"""Hand rendered files to the surveys that show them."""

from collections.abc import Sequence

from django.db import transaction

from models_app.distortions.registry import DISTORTIONS, level_get
from models_app.errors import DatasetError
from models_app.models import Dataset, Rendition, SurveySource
from models_app.selectors import source_filter
from models_app.services.renditions import (
    ORIGINAL,
    rendering_request,
    renditions_plan,
    renditions_record,
)
from survey.services import stimuli, surveys

CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png"}
State = Rendition.State


@transaction.atomic
def survey_make(
    slug: str, *, title: str, dataset: str, settings: dict[str, object], new: bool = False
) -> SurveySource:
    """Make and open a survey of a dataset's photos and plan its renditions.

    Repeating it plans what photos were added; with `new` an existing survey is an error. Raises
    DatasetError for a dataset that is not there or empty.
    """
    photos = Dataset.objects.filter(name=dataset, photos__isnull=False).first()
    if photos is None:
        raise DatasetError(
            f"There are no photos in a dataset {dataset!r}; import some first: "
            f"manage.py import_photos FOLDER --dataset {dataset}"
        )
    survey = surveys.survey_get(slug)
    if survey is not None and new:
        raise DatasetError(f"There is a survey {slug!r} already; choose another short name.")
    if survey is None:
        survey = surveys.survey_create(slug, title=title, settings=settings)
        surveys.survey_open(survey)
    source, _created = SurveySource.objects.get_or_create(
        survey=survey,
        defaults={
            "dataset": photos,
            "preset": survey.settings["preset"],
            "long_side": survey.settings["long_side"],
            "encoding": survey.settings["encoding"],
        },
    )
    renditions_plan(source)
    publish(source)
    rendering_request()
    return source


@transaction.atomic
def renditions_finish(done: Sequence[Rendition]) -> None:
    """Record rendered files of one photo and register them in every survey that shows them.

    One transaction: a worker that dies leaves no picture that is recorded and never shown.
    """
    renditions_record(done)
    first = done[0]
    sources = SurveySource.objects.filter(
        dataset__photos=first.photo_id,
        preset=first.preset,
        long_side=first.long_side,
        encoding=first.encoding,
    )
    for source in sources:
        publish(source, done)


def publish(source: SurveySource, done: Sequence[Rendition] | None = None) -> int:
    """Register what is rendered of a survey, or of one photo just rendered.

    Repeating it adds nothing. A variant waits for its original, and comes along with it.
    """
    mine = Rendition.objects.filter(**source_filter(source))
    stimuli.pairs_expect(
        source.survey_id,
        mine.exclude(distortion=ORIGINAL)
        .exclude(state__in=[State.IDENTICAL, State.FAILED])
        .count(),
    )
    ready = mine.filter(state=State.READY).select_related("photo")
    originals = ready.filter(distortion=ORIGINAL)
    if done is not None:
        originals = originals.filter(photo=done[0].photo_id)
        if any(rendition.distortion == ORIGINAL for rendition in done):
            ready = ready.filter(photo=done[0].photo_id)
        else:
            ready = ready.filter(pk__in=[rendition.pk for rendition in done])
    whole = set(originals.values_list("photo", flat=True))
    return stimuli.stimuli_register(
        source.survey_id,
        [_picture(rendition) for rendition in ready if rendition.photo_id in whole],
    )


def _picture(rendition: Rendition) -> stimuli.Picture:
    condition = None
    if rendition.distortion != ORIGINAL:
        entry = DISTORTIONS[rendition.distortion]
        level = level_get(rendition.distortion, rendition.level)
        condition = stimuli.ConditionInfo(
            entry.key, level.key, entry.label, entry.aspect, level.step, entry.note
        )
    return stimuli.Picture(
        photo=rendition.photo.name,
        file=rendition.file,
        content_type=CONTENT_TYPES[rendition.encoding],
        width=rendition.width,
        height=rendition.height,
        bytes=rendition.bytes,
        condition=condition,
        credit=rendition.photo.credit,
    )
