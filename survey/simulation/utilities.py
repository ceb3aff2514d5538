"""Planted utilities of conditions: the default ones, and a file's."""

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from survey.models import Condition
from survey.simulation.errors import SimulationRefused
from survey.simulation.truth import uniform

# Logits a step away from the original. With the other defaults this makes a survey of the preset
# pfister2021 prefer the original in 74 % of its votes, as the paper's did.
SLOPES: Mapping[str, float] = {"technical": 0.5, "composition": 0.45, "style": 0.4}
SLOPE = 0.4
# A file may not make a condition certain: shares of 0 and 1 have no error to recover.
UTILITY_MOST = 10


def name_of(condition: Condition) -> str:
    """Return the name that files and exports use: distortion/level."""
    return f"{condition.distortion}/{condition.level}"


def utility_default(condition: Condition) -> float:
    """Return the logits for the original: stronger edits are disliked more.

    Each distortion has a factor from 0.5 to 1.5, drawn from its name alone, so that distortions
    differ as real ones do and in every installation alike.
    """
    slope = SLOPES.get(condition.aspect, SLOPE)
    return slope * abs(condition.step) * (0.5 + uniform(0, "distortion", condition.distortion))


def utilities_make(conditions: Sequence[Condition], given: Mapping[str, float]) -> dict[str, float]:
    """Return logits by condition: the given ones, the default ones for the others.

    A name is distortion/level, or a distortion for all its levels. Raises SimulationRefused for a
    name that the survey does not have.
    """
    names = {name_of(c) for c in conditions} | {c.distortion for c in conditions}
    unknown = sorted(given.keys() - names)
    if unknown:
        raise SimulationRefused(
            _(
                "The utilities name %(name)r, which is no condition of the survey; write "
                "distortion/level, as in %(example)s, or a distortion."
            )
            % {"name": unknown[0], "example": min(names - {c.distortion for c in conditions})}
        )
    return {
        name_of(c): given.get(name_of(c), given.get(c.distortion, utility_default(c)))
        for c in conditions
    }


def utilities_read(path: Path) -> dict[str, float]:
    """Read a JSON object, name to logits; raises SimulationRefused."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SimulationRefused(
            _("The utilities in %(path)s cannot be read (%(reason)s).")
            % {"path": path, "reason": reason}
        ) from error
    if not isinstance(content, dict):
        raise SimulationRefused(
            _('%(path)s must hold one JSON object, as in {"contrast/0.4": 0.9}.') % {"path": path}
        )
    return {name: _utility(name, value) for name, value in content.items()}


def _utility(name: str, value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not isfinite(value) or abs(value) > UTILITY_MOST:
        raise SimulationRefused(
            _(
                "The utility of %(name)s is %(value)r; allowed are numbers from -%(most)d to "
                "%(most)d."
            )
            % {"name": name, "value": value, "most": UTILITY_MOST}
        )
    return float(value)
