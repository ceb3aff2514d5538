"""Which network is fine-tuned, and what computes it."""

from dataclasses import dataclass

from models_app.training.options.common import (
    BackboneOptions,
    device_setting,
    precision_setting,
)
from models_app.training.settings import gettext_noop, setting

_ = gettext_noop
_GROUP = _("Network")
_STEP = _("Computing")


@dataclass(frozen=True, kw_only=True)
class NetworkOptions(BackboneOptions):
    dropout: float = setting(
        _("Dropout"),
        _("Share of the features that the new layer is not given in training."),
        default=0.75,
        low=0,
        high=0.99,
        group=_GROUP,
    )
    trainable: str = setting(
        _("Trainable layers"),
        _("The released program reaches the last block only, since its gradients end there."),
        default="all",
        choices={
            "all": _("all"),
            "last_block": _("new layer and last block (the authors' effective behaviour)"),
            "head": _("new layer only"),
        },
        group=_GROUP,
    )
    batch_norm: str = setting(
        _("Batch normalisation by the batch"),
        _("When layers normalise by the batch; else they use their stored statistics."),
        default="unfrozen",
        choices={
            "unfrozen": _("once the backbone learns"),
            "always": _("always, also while it is frozen (as released)"),
            "never": _("never"),
        },
        group=_STEP,
    )
    sync_bn: bool = setting(
        _("Synchronised batch normalisation"),
        _("With several GPUs: statistics over all of them."),
        default=False,
        group=_STEP,
    )
    chunk_images: int = setting(
        _("Chunk"),
        _(
            "Photos in one forward where a batch does not fit into memory; layers then normalise "
            "by the chunk. 0: the whole batch."
        ),
        default=0,
        low=0,
        high=65_536,
        group=_STEP,
    )
    keep_features: bool = setting(
        _("Keep features"),
        _("Compute a frozen backbone once a photo, and once its mirror image, not every epoch."),
        default=True,
        group=_STEP,
    )
    precision: str = precision_setting()
    device: str = device_setting()
