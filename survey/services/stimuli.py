"""Registering pictures: the front door for whoever renders them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass

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
    licence: str = ""


def survey_lock(survey_id: int) -> None:
    """Hold the survey against other writers of its stimuli; needs a transaction."""
    Survey.objects.select_for_update().get(pk=survey_id)


def pairs_expect(survey_id: int, count: int) -> None:
    """Tell how many pairs there will be, so that pages can say what is still to come."""
    Survey.objects.filter(pk=survey_id).update(pairs_expected=count)


@transaction.atomic
def stimuli_register(survey_id: int, pictures: Sequence[Picture]) -> int:
    """Register pictures; what is known already stays as it is. Returns how many were new.

    A filtered picture whose original is neither known nor in `pictures` is refused (KeyError):
    half a pair must never be shown. Eight queries; a long list is written in several inserts, which
    on SQLite take some ninety pictures each.
    """
    before = Stimulus.objects.filter(survey=survey_id).count()
    photos = {picture.photo for picture in pictures}
    _create(survey_id, [p for p in pictures if p.condition is None], {}, {})
    originals = dict(
        Stimulus.objects.filter(survey=survey_id, condition=None, photo__in=photos).values_list(
            "photo", "pk"
        )
    )
    variants = [p for p in pictures if p.condition is not None]
    conditions = _conditions(survey_id, {p.condition for p in variants if p.condition})
    _create(survey_id, variants, originals, conditions)
    return Stimulus.objects.filter(survey=survey_id).count() - before


def _create(
    survey_id: int,
    pictures: Sequence[Picture],
    originals: Mapping[str, int],
    conditions: Mapping[tuple[str, str], int],
) -> None:
    Stimulus.objects.bulk_create(
        [_stimulus(survey_id, picture, originals, conditions) for picture in pictures],
        ignore_conflicts=True,
    )


def _stimulus(
    survey_id: int,
    picture: Picture,
    originals: Mapping[str, int],
    conditions: Mapping[tuple[str, str], int],
) -> Stimulus:
    stimulus = Stimulus(
        survey_id=survey_id,
        photo=picture.photo,
        file=picture.file,
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        bytes=picture.bytes,
        credit=picture.credit,
        licence=picture.licence,
    )
    if picture.condition is not None:
        stimulus.condition_id = conditions[picture.condition.distortion, picture.condition.level]
        stimulus.reference_id = originals[picture.photo]
    return stimulus


def _conditions(survey_id: int, infos: Set[ConditionInfo]) -> dict[tuple[str, str], int]:
    """Create what is missing, in one order for everybody: two workers must not deadlock."""
    known = Condition.objects.filter(survey=survey_id)
    keys = set(known.values_list("distortion", "level"))
    missing = [info for info in infos if (info.distortion, info.level) not in keys]
    Condition.objects.bulk_create(
        [
            Condition(survey_id=survey_id, **asdict(info))
            for info in sorted(missing, key=lambda info: (info.distortion, info.level))
        ],
        ignore_conflicts=True,
    )
    return {(d, v): pk for d, v, pk in known.values_list("distortion", "level", "pk")}
