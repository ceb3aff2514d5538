"""Which network learns, and how its step is computed."""

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

BN_GROUPS = {
    "batch": _("all pictures of the batch together"),
    "photo": _("the variants of each photo"),
    "variant": _("each variant of the batch's photos by itself (as released)"),
    "chunk": _("shuffled chunks of a fixed size"),
    "frozen": _("none: the stored statistics are used and kept"),
}


@dataclass(frozen=True, kw_only=True)
class NetworkOptions(BackboneOptions):
    trainable: str = setting(
        _("Trainable layers"),
        _("The released program reaches the last block only, since its gradients end there."),
        default="all",
        choices={
            "all": _("all"),
            "last_block": _("heads and last block (the authors' effective behaviour)"),
            "heads": _("heads only"),
        },
        group=_GROUP,
    )
    bn_group: str = setting(
        _("Batch normalisation over"),
        _("Which pictures are normalised together; no automatic choice changes it."),
        default="batch",
        choices=BN_GROUPS,
        group=_STEP,
    )
    sync_bn: bool = setting(
        _("Synchronised batch normalisation"),
        _("With several GPUs and groups of the whole batch: statistics over all of them."),
        default=False,
        group=_STEP,
    )
    chunk_images: int = setting(
        _("Chunk"),
        _("Pictures in one forward; 0: found by measuring. Groups of chunk need a number."),
        default=0,
        low=0,
        high=1_000_000,
        group=_STEP,
    )
    memory: str = setting(
        _("Memory"),
        _("How the step fits into memory; each way gives the same gradients."),
        default="auto",
        choices={
            "auto": _("plain where it fits"),
            "plain": _("keep everything"),
            "checkpoint": _("compute blocks twice"),
            "cache": _("gradient caching: chunks one after the other"),
        },
        group=_STEP,
    )
    precision: str = precision_setting()
    compile: str = setting(
        _("torch.compile"),
        _("Auto measures on a GPU whether it pays."),
        default="auto",
        choices={"auto": _("auto"), "on": _("on"), "off": _("off")},
        group=_STEP,
    )
    device: str = device_setting()
    render_ahead: str = setting(
        _("Render ahead"),
        _("Whether a thread makes the next batch's variants meanwhile; auto: on a GPU."),
        default="auto",
        choices={"auto": _("auto"), "on": _("on"), "off": _("off")},
        group=_STEP,
    )
