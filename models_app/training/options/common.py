"""Options that every training has: each declared once, in the place that its form gives it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from models_app.training.settings import gettext_noop, setting

_ = gettext_noop
_NETWORK = _("Network")
_PHOTOS = _("Photos")
_COMPUTING = _("Computing")
_KEPT = _("What is kept")

OPTIMISERS: Mapping[str, str] = MappingProxyType({"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"})
"""Those that all trainings know."""


@dataclass(frozen=True, kw_only=True)
class BackboneOptions:
    backbone: str = setting(
        _("Backbone"),
        _("Torchvision's name of a classification network, or timm:NAME."),
        default="mobilenet_v2",
        group=_NETWORK,
    )
    width: float = setting(
        _("Width"),
        _("Of a MobileNetV2's layers, as a multiple; other backbones have 1."),
        default=1.0,
        low=0.1,
        high=4,
        group=_NETWORK,
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
        group=_NETWORK,
    )
    weights_file: str = setting(
        _("File of weights"),
        _("A safetensors file or one of torch.save; empty: torch's cache."),
        default="",
        group=_NETWORK,
    )
    download: bool = setting(
        _("Download weights"),
        _("Whether ImageNet's weights may be fetched when they are not in torch's cache."),
        default=False,
        group=_NETWORK,
    )


def side_setting() -> Any:
    return setting(
        _("Side"),
        _("Of the square that the network sees, in pixels."),
        default=224,
        low=32,
        high=1024,
        group=_PHOTOS,
    )


def max_unreadable_setting() -> Any:
    return setting(
        _("Unreadable photos"),
        _("Share of the photos that may turn out unreadable before the run stops."),
        default=0.05,
        low=0,
        high=1,
        group=_PHOTOS,
    )


def precision_setting() -> Any:
    return setting(
        _("Precision"),
        _("Of the network; losses are always computed in float32."),
        default="auto",
        choices={
            "auto": _("bfloat16 on a GPU, float32 on a CPU"),
            "fp32": _("float32"),
            "bf16": _("bfloat16"),
        },
        group=_COMPUTING,
    )


def device_setting() -> Any:
    return setting(
        _("Device"),
        _("What computes."),
        default="auto",
        choices={
            "auto": _("a GPU where there is one, else the CPU"),
            "cpu": _("CPU"),
            "cuda": _("NVIDIA GPU"),
        },
        group=_COMPUTING,
    )


def save_steps_setting() -> Any:
    return setting(
        _("Save every"),
        _("So many steps, and after each epoch."),
        default=500,
        low=1,
        high=10_000_000,
        group=_KEPT,
    )


def keep_setting() -> Any:
    return setting(
        _("Keep"),
        _("The newest states; an older one stands in for one that is damaged."),
        default=3,
        low=1,
        high=1000,
        group=_KEPT,
    )


def max_bad_steps_setting() -> Any:
    return setting(
        _("Steps that are not finite"),
        _("So many in a row are skipped before the run stops."),
        default=10,
        low=0,
        high=100_000,
        group=_KEPT,
    )


def seed_setting(help: str) -> Any:
    return setting(_("Seed"), help, default=1, low=0, high=2**31 - 1, group=_KEPT)
