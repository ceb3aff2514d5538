"""What a fine-tuning that goes on must have begun with."""

from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.data import Parts
from models_app.training.going_on import Begun

FREE = frozenset(
    (
        *("weights_file", "download", "device", "cache", "cache_folder", "workers"),
        *("max_unreadable", "max_bad_steps", "max_epochs", "save_steps", "keep"),
    )
)
"""Options that a training may go on with another value of; the others decide what it has become."""


def begun_with(config: FinetuneConfig, parts: Parts) -> Begun:
    return Begun(
        config=config,
        free=FREE,
        source="parts",
        digest=parts.digest,
        other="The photos or their labels are not those that this training began with, or are in "
        "other parts; bring them back, or begin in another folder.",
    )
