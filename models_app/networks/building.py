"""From an architecture's entry to a network, and what a network carries with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from types import MappingProxyType
from typing import Protocol

import torch
from torch import Tensor, nn

from models_app.networks.architectures import BINS, Entry, architecture_get
from models_app.networks.preprocessing import Preprocessing

# Images that the last layer of random weights is scaled by.
_IMAGES = 6


class Builder(Protocol):
    """What the path of an entry names."""

    def __call__(self, **options: str) -> nn.Module:
        """Return a network with weights drawn from torch's global generator.

        It takes float32 [N, 3, side, side] as `photo_to_input` makes it, and returns logits
        [N, 10] of the scores 1 to 10 in evaluation mode. It normalises nothing itself.
        """
        ...


@dataclass(frozen=True, slots=True)
class Network:
    """A network that judges photos, with all that is needed to use it.

    Attributes
    ----------
    module
        In evaluation mode, float32, on the CPU; its outputs are logits [N, 10].
    architecture, preprocessing
        What it is, and how a photo becomes its input.
    random
        True where nobody trained it to judge photos; shown with every result.
    dropped
        Names of weights in its file that judging does not need.
    """

    module: nn.Module
    architecture: Entry
    preprocessing: Preprocessing
    random: bool = False
    dropped: tuple[str, ...] = ()

    @property
    def weights_hash(self) -> str:
        """See the function `weights_hash`."""
        return weights_hash(self.module.state_dict())


def module_build(entry: Entry) -> nn.Module:
    """Return an architecture's network on the CPU, in evaluation mode; its weights mean nothing.

    Torch's global generator is left as it was.
    """
    module, _dot, name = entry.path.rpartition(".")
    builder: Builder = getattr(import_module(module), name)
    with torch.random.fork_rng(devices=[]):
        return builder(**entry.options).eval()


@cache
def _expected(key: str) -> Mapping[str, Tensor]:
    entry = architecture_get(key)
    try:
        with torch.device("meta"):
            built = module_build(entry)
    except NotImplementedError:
        # RegNet computes its widths with tensors, which have no values there.
        built = module_build(entry).to("meta")
    return MappingProxyType(dict(built.state_dict()))


def weights_expected(entry: Entry) -> Mapping[str, Tensor]:
    """Return the names, shapes and types of an architecture's weights, as tensors without values.

    Nothing is allocated, but for RegNet.
    """
    return _expected(entry.key)


def network_random(
    key: str, *, seed: int, preprocessing: Preprocessing | None = None, spread: bool = False
) -> Network:
    """Return a network that nobody trained, for tests and demonstrations, marked so.

    Parameters
    ----------
    key
        Of the architecture.
    seed
        The same seed gives the same weights.
    preprocessing
        The architecture's own where None.
    spread
        Whether the last layer is scaled so that photos get scores that differ; see `_spread`.

    Raises
    ------
    UnknownArchitectureError
        If there is no such architecture.
    ValueError
        If scores are to be spread and the network does not end with a linear layer.
    """
    entry = architecture_get(key)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = module_build(entry)
        if spread:
            _spread(module, entry.preprocessing)
    return Network(module, entry, preprocessing or entry.preprocessing, random=True)


def _spread(module: nn.Module, preprocessing: Preprocessing) -> None:
    """Scale and shift the last layer: logits of smooth random images get mean 0 and sd about 1.

    Signals fade or explode in a deep network that nobody trained: a MobileNetV2 gives every photo
    5.5, and an Inception V3 all of them the same bin. Images come from torch's global generator.

    Raises
    ------
    ValueError
        If the network does not end with a linear layer.
    """
    head = list(module.modules())[-1]
    if not isinstance(head, nn.Linear) or head.out_features != BINS:
        raise ValueError("Scores can only be spread of a network that ends with a linear layer.")
    side = preprocessing.crop or preprocessing.resize
    # Coarse and fine, as on photos.
    layers = [torch.rand(_IMAGES, 3, cells, cells) for cells in (2, 8, 32)]
    images = torch.stack(
        [nn.functional.interpolate(each, (side, side), mode="bicubic") for each in layers]
    ).mean(0)
    mean, sd = (
        torch.tensor(each).view(3, 1, 1) for each in (preprocessing.mean, preprocessing.std)
    )
    with torch.no_grad():
        logits = module((images - mean) / sd).double()
        # Powers of two and sixteenths: what machines add up otherwise changes no weight.
        scale = 2.0 ** -int(logits.std(0).mean().log2().round())
        head.weight.mul_(scale)
        head.bias.mul_(scale).sub_((logits.mean(0) * scale * 16).round() / 16)


def weights_hash(weights: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of names, types, shapes and values, whatever file they came in."""
    digest = sha256()
    for name in sorted(weights):
        tensor = weights[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
