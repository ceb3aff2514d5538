"""What a pretraining that goes on must have begun with."""

from models_app.training.config import TrainConfig
from models_app.training.going_on import Begun
from models_app.training.split import Split

FREE = frozenset(
    (
        *("photos", "weights_file", "download", "device", "decoders", "render_ahead"),
        *("variant_cache_mb", "max_unreadable", "max_bad_steps", "epochs", "save_steps", "keep"),
        "tensorboard",
    )
)
"""Options that a training may go on with another value of; the others decide what it has become."""


def begun_with(config: TrainConfig, split: Split) -> Begun:
    return Begun(
        config=config,
        # A cosine ends where the epochs end.
        free=FREE - {"epochs"} if config.schedule == "cosine" else FREE,
        source="split",
        digest=split.digest,
        other="The photos are not those that this training began with, or are split otherwise; "
        "bring them back, or begin in another folder.",
    )
