"""What a network begins fine-tuning with: somebody's weights, none, or a pretraining."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from models_app.training.pretext.registry import TASKS
from models_app.training.settings import gettext_noop

_ = gettext_noop


@dataclass(frozen=True, slots=True)
class Initialisation:
    """One row of Table 2.

    Attributes
    ----------
    key
        Stored in configurations.
    label
        What people read, in English.
    task
        Key of the pretext task that makes it; empty where nothing is pretrained.
    """

    key: str
    label: str
    task: str = ""

    @property
    def is_pretrained(self) -> bool:
        return bool(self.task)


_LABELS = {
    "ranking": _("ranking"),
    "ranking_classification": _("ranking + classification"),
    "ranking_regression": _("ranking + regression"),
    "classification": _("classification"),
    "regression": _("regression"),
}

INITIALISATIONS: Mapping[str, Initialisation] = MappingProxyType(
    {
        entry.key: entry
        for entry in (
            Initialisation("imagenet", _("ImageNet")),
            Initialisation("random", _("random weights")),
            *(
                Initialisation(key, _LABELS.get(key, task.label), key)
                for key, task in TASKS.items()
            ),
        )
    }
)
"""By key: every pretext task, and what needs none."""
