"""Hand rendered files to the surveys that show them."""

from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction

from models_app.distortions.registry import (
    PRESET,
    UnknownDistortionError,
    distortion_get,
    level_get,
    preset_get,
)
from models_app.errors import DatasetError
from models_app.models import Dataset, Rendition, SurveySource
from models_app.selectors.pictures import source_filter
from models_app.services.renditions import (
    ORIGINAL,
    conditions,
    rendering_request,
    renditions_plan,
    renditions_record,
)
from survey.services import stimuli, surveys
from survey.services.audit import audit_record

CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png"}
State = Rendition.State


def survey_make(
    slug: str,
    *,
    title: str,
    dataset: str,
    settings: dict[str, object],
    new: bool = False,
    opened: bool = True,
    actor: User | AnonymousUser | None = None,
) -> SurveySource:
    """Make a survey of a dataset's photos, open it if asked, and plan its renditions.

    Repeating it plans what photos were added; with `new` an existing survey is an error. A new one
    gets its entry in the audit trail. Raises DatasetError for a dataset that is not there or empty.
    Planning and publishing go photo by photo, each its own short transaction: people vote
    meanwhile.
    """
    photos = dataset_with_photos(dataset)
    preset_check(settings)
    source = _source_make(slug, title, photos, settings, actor, new=new, opened=opened)
    renditions_plan(source)
    publish(source)
    rendering_request(source)
    return source


def dataset_with_photos(name: str) -> Dataset:
    """Raises DatasetError for a dataset that is not there or empty; one query."""
    found = Dataset.objects.filter(name=name, photos__isnull=False).first()
    if found is None:
        raise DatasetError(
            f"There are no photos in a dataset {name!r}; import some first: "
            f"manage.py import_photos FOLDER --dataset {name}"
        )
    return found


def preset_check(settings: dict[str, object]) -> None:
    """Raises DatasetError for a preset that is not known, or distorts no whole photos."""
    preset = settings.get("preset", PRESET)
    try:
        whole = preset_get(str(preset)).geometry != "patch"
    except UnknownDistortionError as error:
        raise DatasetError(str(error)) from None
    if not whole:
        raise DatasetError(
            f"The preset {preset!r} distorts patches for training; a survey shows whole photos: "
            f"choose {PRESET} or identity_zero."
        )


@transaction.atomic
def _source_make(
    slug: str,
    title: str,
    dataset: Dataset,
    settings: dict[str, object],
    actor: User | AnonymousUser | None,
    *,
    new: bool,
    opened: bool,
) -> SurveySource:
    survey = surveys.survey_get(slug)
    if survey is not None and new:
        raise DatasetError(
            f"There is a survey {slug!r} already; choose another short name, or go on with it: "
            "--again."
        )
    made = survey is None
    if survey is None:
        survey = surveys.survey_create(slug, title=title, settings=settings)
    source, _created = SurveySource.objects.get_or_create(
        survey=survey,
        defaults={
            "dataset": dataset,
            "preset": survey.settings["preset"],
            "long_side": survey.settings["long_side"],
            "encoding": survey.settings["encoding"],
        },
    )
    if source.dataset_id != dataset.pk:
        raise DatasetError(f"The survey {slug!r} shows the dataset {source.dataset.name!r}.")
    if made:
        audit_record(
            actor=actor,
            action="survey.create",
            target="survey",
            target_id=slug,
            label=survey.title,
            detail={"dataset": dataset.name, "state": "open" if opened else "draft"},
        )
    if made and opened:
        # It opens before its pictures are planned, and says so: these are to come.
        photos = dataset.photos.filter(excluded_at=None).count()
        stimuli.pairs_expect(survey.pk, photos * len(conditions(source.preset)))
        surveys.survey_open(survey)
    return source


@transaction.atomic
def renditions_finish(done: Sequence[Rendition]) -> None:
    """Record rendered files of one photo and register them in every survey that shows them.

    One transaction: a worker that dies leaves no picture that is recorded and never shown.
    """
    renditions_record(done)
    first = done[0]
    whole = any(rendition.distortion == ORIGINAL for rendition in done)
    sources = SurveySource.objects.filter(
        dataset__photos=first.photo_id,
        preset=first.preset,
        long_side=first.long_side,
        encoding=first.encoding,
    )
    for source in sources.order_by("pk"):
        stimuli.survey_lock(source.survey_id)
        # A variant waits for its original, and comes along with it.
        _register(source, first.photo_id, None if whole else [r.pk for r in done])
        _expect(source)


def publish(source: SurveySource) -> int:
    """Register everything rendered of a survey, photo by photo; repeating it adds nothing."""
    mine = Rendition.objects.filter(**source_filter(source), state=State.READY)
    ready = mine.values_list("photo", flat=True).order_by("photo").distinct()
    new = 0
    for photo in list(ready):
        with transaction.atomic():
            stimuli.survey_lock(source.survey_id)
            new += _register(source, photo, None)
    with transaction.atomic():
        stimuli.survey_lock(source.survey_id)
        _expect(source)
    return new


def _register(source: SurveySource, photo: int, only: Sequence[int] | None) -> int:
    mine = Rendition.objects.filter(**source_filter(source), photo=photo, state=State.READY)
    if not mine.filter(distortion=ORIGINAL).exists():
        return 0
    wanted = mine if only is None else mine.filter(pk__in=only)
    pictures = [_picture(rendition) for rendition in wanted.select_related("photo")]
    return stimuli.stimuli_register(source.survey_id, pictures)


def _expect(source: SurveySource) -> None:
    mine = Rendition.objects.filter(**source_filter(source)).exclude(distortion=ORIGINAL)
    gone = mine.filter(state__in=[State.IDENTICAL, State.FAILED])
    stimuli.pairs_expect(source.survey_id, mine.count() - gone.count())


def _picture(rendition: Rendition) -> stimuli.Picture:
    condition = None
    if rendition.distortion != ORIGINAL:
        entry = distortion_get(rendition.distortion, preset=rendition.preset)
        level = level_get(rendition.distortion, rendition.level, preset=rendition.preset)
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
        licence=rendition.photo.licence,
    )
