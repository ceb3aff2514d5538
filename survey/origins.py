"""Whose votes are asked for: one spelling for pages, API and command line."""

from collections.abc import Set

from django.utils.translation import gettext as _

from survey.errors import SurveyInvalid
from survey.models import Origin
from survey.selectors.results import PERSONS

# In the order in which they are written; participants are always counted.
OTHERS: tuple[str, ...] = (Origin.SIMULATED.value, Origin.TEST.value)
# What origins_parse takes beside nothing at all, for descriptions of the API.
PATTERN = f"^({'|'.join(OTHERS)})(,({'|'.join(OTHERS)}))*$"


def origins_parse(text: str) -> frozenset[str]:
    """Read `include`, as in "simulated,test"; empty: participants only. Raises SurveyInvalid."""
    names = text.split(",") if text else []
    for name in names:
        if name not in OTHERS:
            raise SurveyInvalid(
                _("%(name)r cannot be included; allowed are: %(allowed)s.")
                % {"name": name, "allowed": ", ".join(OTHERS)}
            )
    return PERSONS | frozenset(names)


def origins_text(origins: Set[str]) -> str:
    """Write `include` back; empty for participants only."""
    return ",".join(name for name in OTHERS if name in origins)
