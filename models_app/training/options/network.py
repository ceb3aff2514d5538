"""Which network learns, and how its step is computed."""

from dataclasses import dataclass

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
class NetworkOptions:
    backbone: str = setting(
        _("Backbone"),
        _("Torchvision's name of a classification network, or timm:NAME."),
        default="mobilenet_v2",
        group=_GROUP,
    )
    width: float = setting(
        _("Width"),
        _("Of a MobileNetV2's layers, as a multiple; other backbones have 1."),
        default=1.0,
        low=0.1,
        high=4,
        group=_GROUP,
    )
    weights: str = setting(
        _("Initial weights"),
        _("ImageNet's come from torch's cache, or from the file that is named."),
        default="imagenet",
        choices={
            "imagenet": _("ImageNet"),
            "file": _("a file of earlier training"),
            "random": _("random"),
        },
        group=_GROUP,
    )
    weights_file: str = setting(
        _("File of weights"),
        _("A safetensors file or one of torch.save; empty: torch's cache."),
        default="",
        group=_GROUP,
    )
    download: bool = setting(
        _("Download weights"),
        _("Whether ImageNet's weights may be fetched when they are not in torch's cache."),
        default=False,
        group=_GROUP,
    )
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
    precision: str = setting(
        _("Precision"),
        _("Of the network; losses are always computed in float32."),
        default="auto",
        choices={
            "auto": _("bfloat16 on a GPU, float32 on a CPU"),
            "fp32": _("float32"),
            "bf16": _("bfloat16"),
        },
        group=_STEP,
    )
    compile: str = setting(
        _("torch.compile"),
        _("Auto measures on a GPU whether it pays."),
        default="auto",
        choices={"auto": _("auto"), "on": _("on"), "off": _("off")},
        group=_STEP,
    )
    device: str = setting(
        _("Device"),
        _("What computes."),
        default="auto",
        choices={
            "auto": _("a GPU where there is one, else the CPU"),
            "cpu": _("CPU"),
            "cuda": _("NVIDIA GPU"),
        },
        group=_STEP,
    )
    render_ahead: str = setting(
        _("Render ahead"),
        _("Whether a thread makes the next batch's variants meanwhile; auto: on a GPU."),
        default="auto",
        choices={"auto": _("auto"), "on": _("on"), "off": _("off")},
        group=_STEP,
    )
