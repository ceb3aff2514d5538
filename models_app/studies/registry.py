"""Kinds of studies. A new one: one file in models_app/studies/kinds and one line below."""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import JobInvalid

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from models_app.studies.base import StudyKind


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    label: "str | _StrPromise"
    # The question that it answers.
    purpose: "str | _StrPromise"
    # Below models_app.studies.kinds.
    path: str


def registry(*entries: Entry) -> MappingProxyType[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.key in found:
            raise ValueError(f"the key {entry.key!r} is registered twice; keys must differ")
        found[entry.key] = entry
    return MappingProxyType(found)


REGISTRY = registry(
    Entry(
        "table2",
        gettext_lazy("Table 2"),
        gettext_lazy(
            "Does pretraining without labels make better judges than ImageNet weights do, in fewer "
            "epochs?"
        ),
        "table2.Table2",
    ),
    Entry(
        "label_efficiency",
        gettext_lazy("Label efficiency"),
        gettext_lazy("With how few labels does a pretrained network reach the baseline?"),
        "label_efficiency.LabelEfficiency",
    ),
    Entry(
        "effective_behaviour",
        gettext_lazy("Authors' effective behaviour"),
        gettext_lazy(
            "What changes when all layers learn, where the released program trains the last block "
            "alone?"
        ),
        "effective_behaviour.EffectiveBehaviour",
    ),
)


@cache
def kind_get(key: str) -> "StudyKind":
    """Import a kind; JobInvalid names what there is."""
    if key not in REGISTRY:
        raise JobInvalid(
            _("%(key)r is no kind of study; allowed are: %(allowed)s.")
            % {"key": key, "allowed": ", ".join(REGISTRY)}
        )
    found = import_string(f"models_app.studies.kinds.{REGISTRY[key].path}")()
    return cast("StudyKind", found)


def kind_label(key: str) -> str:
    """Return a label for a stored key, also for a kind that is no more."""
    return str(REGISTRY[key].label) if key in REGISTRY else key
