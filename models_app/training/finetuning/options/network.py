"""Which network is fine-tuned, and what computes it."""

from dataclasses import dataclass

from models_app.training.settings import gettext_noop, setting

_ = gettext_noop
_GROUP = _("Network")
_STEP = _("Computing")


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
