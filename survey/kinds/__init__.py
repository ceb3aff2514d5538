"""Survey kinds. A new one: one file here and one line below."""

from functools import cache
from typing import cast

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.errors import SurveyInvalid
from survey.kinds.base import Kind
from survey.registry import Entry, registry

REGISTRY = registry(
    Entry("two_choice", gettext_lazy("two-alternative forced choice"), "two_choice.TwoChoice"),
)


@cache
def kind_get(key: str) -> Kind:
    if key not in REGISTRY:
        raise SurveyInvalid(
            _("%(key)r is no survey kind; allowed are: %(allowed)s.")
            % {"key": key, "allowed": ", ".join(REGISTRY)}
        )
    return cast("Kind", import_string(f"survey.kinds.{REGISTRY[key].path}")())
