"""Questions to whoever makes the pictures; survey itself knows photos and presets by name only.

The answers come from the functions that the setting SURVEY_PICTURES names.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.models import AnonymousUser, User
from django.utils.module_loading import import_string

from survey.designs.base import DesignPhoto
from survey.kinds.base import Settings


@dataclass(frozen=True, slots=True)
class Found:
    """Which photos are here: with the same pixels, and by name only (other or unknown pixels)."""

    same: frozenset[str]
    named: frozenset[str]
    # (dataset, how many of the photos it holds), the most first.
    datasets: tuple[tuple[str, int], ...]


def _ask(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = import_string(django_settings.SURVEY_PICTURES[name])
    return function


def formulas_sha256(preset: str) -> str:
    """Tell the version of a preset's formulas. Raises SurveyInvalid for an unknown preset."""
    answer: str = _ask("formulas")(preset)
    return answer


def photo_hashes(survey_id: int) -> Mapping[str, str]:
    """SHA-256 of the pixels of a survey's photos, by name; photos nobody knows are left out."""
    answer: Mapping[str, str] = _ask("hashes")(survey_id)
    return answer


def photo_credits(survey_id: int) -> Mapping[str, tuple[str, str]]:
    """(credit, licence) of a survey's photos as known now; photos nobody knows are left out."""
    answer: Mapping[str, tuple[str, str]] = _ask("credits")(survey_id)
    return answer


def photos_find(photos: Sequence[tuple[str, str]]) -> Found:
    """Find photos, each a name and a SHA-256 of its pixels or "", among those imported here."""
    same, named, datasets = _ask("find")(photos)
    return Found(frozenset(same), frozenset(named), tuple(datasets))


def pictures_waiting(survey_id: int) -> int | None:
    """Count pictures that are still to be made; None before they are planned."""
    answer: int | None = _ask("waiting")(survey_id)
    return answer


def dataset_photos(dataset: str, settings: Settings) -> list[DesignPhoto]:
    """Photos that a survey of a dataset shows; one query."""
    rows = _ask("photos")(dataset, settings.preset, settings.long_side, settings.encoding)
    return [DesignPhoto(name, sha256) for name, sha256 in rows]


def dataset_check(dataset: str, *, preset: str, levels: Collection[tuple[str, str]]) -> None:
    """Raises SurveyInvalid where a survey of just these (distortion, level) cannot show it."""
    _ask("check")(dataset, preset, levels)


def dataset_names() -> list[str]:
    """Those with photos, sorted; one query."""
    answer: list[str] = _ask("datasets")()
    return answer


def dataset_of(survey_id: int) -> str:
    """The dataset that a survey shows, "" without one; one query."""
    answer: str = _ask("shown")(survey_id)
    return answer


def survey_draft(
    slug: str,
    *,
    title: str,
    dataset: str,
    settings: Mapping[str, Any],
    actor: User | AnonymousUser | None,
) -> None:
    """Make a draft of a dataset's photos, and plan its pictures. Raises SurveyInvalid."""
    _ask("draft")(slug, title=title, dataset=dataset, settings=settings, actor=actor)


def dataset_show(slug: str, dataset: str) -> None:
    """Let a draft show a dataset's photos, and plan its pictures. Raises SurveyInvalid."""
    _ask("show")(slug, dataset)
