"""Registering pictures: the front door for whoever renders them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from survey.models import Condition, Stimulus, Survey


@dataclass(frozen=True, slots=True)
class ConditionInfo:
    distortion: str
    level: str
    label: str
    aspect: str
    step: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A rendered file; `condition` None is the original of its photo."""

    photo: str
    file: str
    content_type: str
    width: int
    height: int
    bytes: int
    condition: ConditionInfo | None = None
    credit: str = ""


def pairs_expect(survey_id: int, count: int) -> None:
    """Tell how many pairs there will be, so that pages can say what is still to come."""
    Survey.objects.filter(pk=survey_id).update(pairs_expected=count)


@transaction.atomic
def stimuli_register(survey_id: int, pictures: Iterable[Picture]) -> int:
    """Register pictures; what is known already stays as it is. Returns how many were new.

    A filtered picture whose original is neither known nor in `pictures` is refused (KeyError):
    half a pair must never be shown.
    """
    given = sorted(pictures, key=lambda picture: picture.condition is not None)
    conditions = _conditions(survey_id, [p.condition for p in given if p.condition])
    originals = dict(
        Stimulus.objects.filter(
            survey=survey_id, condition=None, photo__in={p.photo for p in given}
        ).values_list("photo", "pk")
    )
    new = 0
    for picture in given:
        if picture.condition is None and picture.photo in originals:
            continue
        stimulus, created = Stimulus.objects.get_or_create(
            survey_id=survey_id,
            photo=picture.photo,
            condition=conditions[picture.condition] if picture.condition else None,
            defaults={
                "reference_id": originals[picture.photo] if picture.condition else None,
                "file": picture.file,
                "content_type": picture.content_type,
                "width": picture.width,
                "height": picture.height,
                "bytes": picture.bytes,
                "credit": picture.credit,
            },
        )
        if picture.condition is None:
            originals[picture.photo] = stimulus.pk
        new += created
    return new


def _conditions(survey_id: int, infos: Iterable[ConditionInfo]) -> dict[ConditionInfo, Condition]:
    found = {}
    for info in set(infos):
        found[info], _ = Condition.objects.get_or_create(
            survey_id=survey_id,
            distortion=info.distortion,
            level=info.level,
            defaults={
                "label": info.label,
                "aspect": info.aspect,
                "step": info.step,
                "note": info.note,
            },
        )
    return found
