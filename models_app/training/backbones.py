"""From a backbone's name to a network that returns features instead of classes."""

from dataclasses import dataclass
from difflib import get_close_matches
from types import ModuleType

import torch
from torch import nn
from torchvision import models

from models_app.networks.backbones import BACKBONES, HELPERS
from models_app.networks.preprocessing import IMAGENET
from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid
from models_app.training.relu6 import relu6_lean

TIMM = "timm:"
"""How the names of timm's networks begin here."""

# Networks with auxiliary classifiers; their own normalisation is off, since ours comes before.
_AUXILIARY = {"aux_logits": False, "transform_input": False, "init_weights": True}
_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network without its last classifier layer.

    Attributes
    ----------
    module
        float32 [N, 3, side, side], normalised, to [N, features]; weights drawn from torch's
        global generator, under the library's own names.
    features
        How many: F.
    last
        Name of the layer that was taken off.
    helpers
        How the names of weights begin that its published file has and that it does without.
    mean, sd
        Of the pixels of 0 to 1 that its published weights expect, by channel.
    """

    module: nn.Module
    features: int
    last: str
    helpers: tuple[str, ...]
    mean: tuple[float, float, float]
    sd: tuple[float, float, float]


def backbone_build(config: TrainConfig) -> Backbone:
    """Return the backbone that a configuration names.

    The last classifier layer and the dropout before it are replaced by nothing, so the features
    are what that layer would be given.

    Raises
    ------
    ConfigInvalid
        If there is no such network, or it cannot take pictures of this side.
    """
    name = config.backbone.strip()
    if name.startswith(TIMM):
        module, last, mean, sd = _from_timm(name.removeprefix(TIMM), config)
        helpers: tuple[str, ...] = ()
    elif name in BACKBONES:
        module, last = _from_torchvision(name, config)
        mean, sd = BACKBONES[name].mean, BACKBONES[name].std
        helpers = HELPERS.get(name, ())
    else:
        raise _unknown(name, "torchvision", list(BACKBONES))
    relu6_lean(module)
    features = _features(module, config)
    return Backbone(module, features, last, helpers, mean, sd)


def timm_get() -> ModuleType:
    """Return timm.

    Raises
    ------
    ConfigInvalid
        If it is not installed.
    """
    try:
        import timm
    except ImportError as error:
        raise ConfigInvalid(
            "The backbone is one of timm, which is not installed here; install it with "
            "`pip install timm`, or choose one of torchvision.",
            "backbone",
        ) from error
    found: ModuleType = timm
    return found


def _from_torchvision(name: str, config: TrainConfig) -> tuple[nn.Module, str]:
    options: dict[str, object] = {}
    if name == "mobilenet_v2":
        options["width_mult"] = config.width
    elif name in HELPERS:
        options |= _AUXILIARY
    elif name.startswith("vit_"):
        # Its table of places depends on the side.
        options["image_size"] = config.side
    try:
        module: nn.Module = models.get_model(name, weights=None, **options)
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        raise _unfit(config, error) from error
    last = _last_layer(module)
    _without(module, last)
    return module, last


def _from_timm(
    name: str, config: TrainConfig
) -> tuple[nn.Module, str, tuple[float, float, float], tuple[float, float, float]]:
    timm = timm_get()
    if not timm.is_model(name):
        raise _unknown(name, "timm", timm.list_models(), prefix=TIMM)
    try:
        module: nn.Module = timm.create_model(
            name, pretrained=False, num_classes=0, drop_rate=0.0, **_timm_size(name, config.side)
        )
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        raise _unfit(config, error) from error
    known = timm.models.get_pretrained_cfg(name)
    stated = known.to_dict() if known else {}
    last = stated.get("classifier") or ""
    mean, sd = stated.get("mean") or IMAGENET[0], stated.get("std") or IMAGENET[1]
    return module, last if isinstance(last, str) else "", tuple(mean), tuple(sd)


def _timm_size(name: str, side: int) -> dict[str, int]:
    """Return the option that tells a network of a fixed size its side; most take any."""
    known = timm_get().models.get_pretrained_cfg(name)
    fixed = bool(known and known.fixed_input_size)
    return {"img_size": side} if fixed else {}


def _last_layer(module: nn.Module) -> str:
    """Return the name of the layer that tells the classes apart."""
    found = [
        name
        for name, layer in module.named_modules()
        if (isinstance(layer, nn.Linear) and layer.out_features == _CLASSES)
        or (isinstance(layer, nn.Conv2d) and layer.out_channels == _CLASSES)
    ]
    last: str = found[-1]
    return last


def _without(module: nn.Module, last: str) -> None:
    """Put nothing in the place of a layer and of a dropout right before it."""
    parent_name, _dot, own = last.rpartition(".")
    parent = module.get_submodule(parent_name)
    names = [name for name, _child in parent.named_children()]
    before = names[: names.index(own)][-1:]
    for name in before:
        if isinstance(parent.get_submodule(name), nn.Dropout):
            setattr(parent, name, nn.Identity())
    setattr(parent, own, nn.Identity())


def _features(module: nn.Module, config: TrainConfig) -> int:
    """Find out how many features there are, from one black picture; nothing is changed."""
    module.eval()
    try:
        with torch.no_grad():
            features = module(torch.zeros(1, 3, config.side, config.side))
    except (RuntimeError, ValueError, AssertionError, IndexError) as error:
        raise _unfit(config, error) from error
    module.train()
    if not isinstance(features, torch.Tensor) or features.ndim != 2:
        raise ConfigInvalid(
            f"{config.backbone} gives no list of features for a picture; choose a network that "
            "classifies pictures.",
            "backbone",
        )
    return features.shape[1]


def _unfit(config: TrainConfig, error: Exception) -> ConfigInvalid:
    reason = " ".join(str(error).split())[:120].rstrip(". ") or type(error).__name__
    return ConfigInvalid(
        f"{config.backbone} cannot take pictures of side {config.side} ({reason}); set side to "
        "what it was made for, often 224, or choose another backbone.",
        "side",
    )


def _unknown(name: str, library: str, known: list[str], prefix: str = "") -> ConfigInvalid:
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    # A name of the other library, without or with its prefix, is the likeliest mistake.
    hint = f" Did you mean {' or '.join(prefix + each for each in near)}?" if near else ""
    return ConfigInvalid(
        f"{library} has no classification network {name[:80]!r}; allowed are its names, such as "
        f"{prefix}{'mobilenet_v2' if not prefix else 'resnet18'}.{hint}",
        "backbone",
    )
