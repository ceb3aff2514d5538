"""Hand rendered files to the surveys that show them."""

from collections.abc import Iterable

from django.db import transaction

from models_app.distortions.registry import DISTORTIONS, level_get
from models_app.errors import DatasetError
from models_app.models import Dataset, Rendition, SurveySource
from models_app.selectors import source_filter
from models_app.services.renditions import ORIGINAL, rendering_request, renditions_plan
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


def publish(source: SurveySource, photos: Iterable[int] | None = None) -> int:
    """Register what is rendered of a survey (of some photos); repeating it adds nothing."""
    mine = Rendition.objects.filter(**source_filter(source))
    stimuli.pairs_expect(
        source.survey_id,
        mine.exclude(distortion=ORIGINAL)
        .exclude(state__in=[State.IDENTICAL, State.FAILED])
        .count(),
    )
    ready = mine.filter(state=State.READY).select_related("photo")
    if photos is not None:
        ready = ready.filter(photo__in=list(photos))
    originals = set(ready.filter(distortion=ORIGINAL).values_list("photo", flat=True))
    return stimuli.stimuli_register(
        source.survey_id,
        # A variant whose original failed or is not there yet is no pair.
        [_picture(rendition) for rendition in ready if rendition.photo_id in originals],
    )


def publish_everywhere(renditions: Iterable[Rendition]) -> int:
    """Register freshly rendered files in every survey that shows them."""
    done = list(renditions)
    if not done:
        return 0
    sources = SurveySource.objects.filter(
        dataset__photos=done[0].photo_id,
        preset=done[0].preset,
        long_side=done[0].long_side,
        encoding=done[0].encoding,
    ).select_related("dataset")
    return sum(publish(source, {rendition.photo_id for rendition in done}) for source in sources)


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
