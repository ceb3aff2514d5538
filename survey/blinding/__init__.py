"""Blinding audit: what a participant receives, and how far it tells the original.

A new family of features: one file in survey/blinding/families and one line below.
"""

from functools import cache
from typing import cast

from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy

from survey.blinding.base import Family
from survey.registry import Entry, registry

REGISTRY = registry(
    Entry("side", gettext_lazy("side of the original"), "side.Side"),
    Entry("order", gettext_lazy("order of the two addresses"), "order.Order"),
    Entry("trial", gettext_lazy("what the API says of a pair"), "trial.TrialFields"),
    Entry("page", gettext_lazy("what the page of a pair says"), "page.Page"),
    Entry("address", gettext_lazy("address of a picture"), "address.Address"),
    Entry("headers", gettext_lazy("headers of a picture's answer"), "headers.Headers"),
    Entry("container", gettext_lazy("file of a picture"), "container.ContainerFacts"),
    Entry("content", gettext_lazy("content of a picture"), "content.Content"),
    Entry("timing", gettext_lazy("time of an answer"), "timing.Timing"),
)


@cache
def family_get(key: str) -> Family:
    return cast("Family", import_string(f"survey.blinding.families.{REGISTRY[key].path}")())
