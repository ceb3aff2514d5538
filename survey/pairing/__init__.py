"""Strategies that choose the next pair. A new one: one file here and one line below."""

from functools import cache
from typing import cast

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.errors import SurveyInvalid
from survey.pairing.base import Strategy
from survey.registry import Entry, registry

REGISTRY = registry(
    Entry("balanced", gettext_lazy("least-voted condition first"), "balanced.Balanced"),
)


@cache
def strategy_get(key: str) -> Strategy:
    if key not in REGISTRY:
        raise SurveyInvalid(
            _("%(key)r is no pairing strategy; allowed are: %(allowed)s.")
            % {"key": key, "allowed": ", ".join(REGISTRY)}
        )
    return cast("Strategy", import_string(f"survey.pairing.{REGISTRY[key].path}")())
