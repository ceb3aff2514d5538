"""Rows for tests. Pictures are crops of real photos, so that anything may decode them."""

import io
from functools import cache

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import ImageEnhance

from models_app.datasets.demo import demo_photos
from models_app.imaging import open_photo
from survey.models import Origin, Session, Survey
from survey.services.sessions import consent_give, instructions_seen, session_start
from survey.services.stimuli import ConditionInfo, Picture, pairs_expect, stimuli_register
from survey.services.surveys import survey_create, survey_open

CONDITIONS = (
    ConditionInfo("contrast", "-0.4", "Contrast", "style", -2),
    ConditionInfo("contrast", "0.4", "Contrast", "style", 2),
    ConditionInfo("saturation", "-0.4", "Saturation", "style", -2),
    ConditionInfo("saturation", "0.4", "Saturation", "style", 2),
    ConditionInfo("tint", "0.9", "Tint", "style", -2),
    ConditionInfo("shadows", "80", "Shadows", "style", 2, "Two edits at once."),
)
SIZE = (96, 64)
_stored: dict[tuple[int, ConditionInfo | None], str] = {}


@cache
def _jpeg(photo: int, strength: float) -> bytes:
    path = list(demo_photos())[photo % 7]
    crop = open_photo(path).resize(SIZE)
    out = io.BytesIO()
    ImageEnhance.Color(crop).enhance(strength).save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue()


def file_read(name: str) -> bytes:
    with default_storage.open(name) as file:
        return file.read()


def _kept(photo: int, condition: ConditionInfo | None, content: bytes) -> str | None:
    """What an earlier survey stored, as surveys of one dataset share it, if it is still whole.

    Reading it is a third of the work that storing it anew is for a bucket.
    """
    try:
        name = _stored[photo, condition]
        return name if file_read(name) == content else None
    except (KeyError, FileNotFoundError):
        return None


def picture_make(photo: int, condition: ConditionInfo | None = None) -> Picture:
    content = _jpeg(photo, 1.0 if condition is None else 1.0 + float(condition.level) / 100)
    name = _kept(photo, condition, content)
    if name is None:
        name = default_storage.save("stimuli/test.jpg", ContentFile(content))
        _stored[photo, condition] = name
    return Picture(
        f"photo-{photo}.jpg", name, "image/jpeg", *SIZE, len(content), condition, f"credit {photo}"
    )


def survey_make(
    slug: str = "study", *, photos: int = 4, conditions=CONDITIONS, state: str = "open", **settings
) -> Survey:
    survey = survey_create(slug, title="A study", settings={"trials": 4, **settings})
    pictures = [
        picture_make(photo, condition)
        for photo in range(photos)
        for condition in (None, *conditions)
    ]
    stimuli_register(survey.pk, pictures)
    pairs_expect(survey.pk, photos * len(conditions))
    if state != "draft":
        survey_open(survey)
    survey.refresh_from_db()
    return survey


def session_make(survey: Survey, *, origin: str = Origin.PERSON) -> Session:
    session = session_start(survey, origin=origin)
    consent_give(session)
    instructions_seen(session)
    return session
