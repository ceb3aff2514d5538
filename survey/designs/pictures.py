"""Questions to whoever makes the pictures; survey itself knows photos and presets by name only.

The answers come from the functions that the setting SURVEY_PICTURES names.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Found:
    """Which photos are here: with the same pixels, and by name only (other or unknown pixels)."""

    same: frozenset[str]
    named: frozenset[str]
    # (dataset, how many of the photos it holds), the most first.
    datasets: tuple[tuple[str, int], ...]


def _ask(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = import_string(settings.SURVEY_PICTURES[name])
    return function


def formulas_sha256(preset: str) -> str:
    """Tell the version of a preset's formulas. Raises SurveyInvalid for an unknown preset."""
    answer: str = _ask("formulas")(preset)
    return answer


def photo_hashes(survey_id: int) -> Mapping[str, str]:
    """SHA-256 of the pixels of a survey's photos, by name; photos nobody knows are left out."""
    answer: Mapping[str, str] = _ask("hashes")(survey_id)
    return answer


def photos_find(photos: Sequence[tuple[str, str]]) -> Found:
    """Find photos, each a name and a SHA-256 of its pixels or "", among those imported here."""
    same, named, datasets = _ask("find")(photos)
    return Found(frozenset(same), frozenset(named), tuple(datasets))


def dataset_check(dataset: str, *, preset: str, levels: Collection[tuple[str, str]]) -> None:
    """Raises SurveyInvalid where a survey of just these (distortion, level) cannot show it."""
    _ask("check")(dataset, preset, levels)


def dataset_show(slug: str, dataset: str) -> None:
    """Let a draft show a dataset's photos, and plan its pictures."""
    _ask("show")(slug, dataset)
