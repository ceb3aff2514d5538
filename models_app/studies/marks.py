"""What must stand beside every number of a study that must not be mistaken for a finding."""

from collections.abc import Mapping
from typing import Any

from models_app.training.settings import gettext_noop

_ = gettext_noop

GENERATED = _("A check of the plumbing: generated images, no scientific claim.")
RANDOM_BASELINE = _(
    "The baseline began with random weights, standing in for ImageNet's: not the paper's "
    "comparison."
)
RANDOM_WEIGHTS = _("Pretraining began with random weights, not with ImageNet's.")


def marks_of(config: Mapping[str, Any], *, is_generated: bool) -> list[str]:
    """Return sentences, in English, that every page, table, figure and export shows."""
    pretrains = bool(set(config["initialisations"]) - {"imagenet", "random"})
    found = [GENERATED] if is_generated else []
    if config["baseline"] == "random":
        found.append(RANDOM_BASELINE)
    if pretrains and config["initial_weights"] == "random":
        found.append(RANDOM_WEIGHTS)
    return found
