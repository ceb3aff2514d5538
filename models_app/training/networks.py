"""The network that learns: a backbone, and a head for each loss."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from models_app.training.backbones import Backbone
from models_app.training.blocks import backbone_free
from models_app.training.config import TrainConfig
from models_app.training.origins import Origin, backbone_initial
from models_app.training.pixels import features_of, scale_and_shift
from models_app.training.pretext.base import Term
from models_app.training.pretext.registry import TERMS
from models_app.training.seeds import derive

Groups = Sequence[Tensor | slice]
"""Which pictures go through the backbone together; every picture is in one group."""

Compute = Callable[[Tensor], Tensor]
"""From pictures, uint8 [N, 3, side, side], to features, float32 [N, F]."""


class Pretext(Protocol):
    """What is learnt, as far as a network needs to know."""

    @property
    def terms(self) -> Mapping[str, Term]:
        """By key."""
        ...


class PretextNetwork(nn.Module):
    """Backbone and heads; pictures come as bytes and are normalised here.

    Parameters
    ----------
    backbone
        Without its classifier; its weights keep their library's names behind `backbone.`.
    heads
        By the key of the term that made them.
    shared
        Keys of terms to the key of the head that they use.
    precision, trainable
        As in a configuration: auto, fp32 or bf16; all, last_block or heads.
    """

    scale: Tensor
    shift: Tensor

    def __init__(
        self,
        backbone: Backbone,
        heads: Mapping[str, nn.Module],
        *,
        shared: Mapping[str, str],
        precision: str = "auto",
        trainable: str = "all",
    ) -> None:
        super().__init__()
        self.backbone = backbone.module
        self.heads = nn.ModuleDict(heads)
        self.width = backbone.features
        self.precision = precision
        self.trainable = trainable
        self._shared = dict(shared)
        scale, shift = scale_and_shift(backbone.mean, backbone.sd)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("shift", shift, persistent=False)

    def features(self, pictures: Tensor) -> Tensor:
        """Return float32 [N, F] of pictures, uint8 [N, 3, side, side]."""
        return features_of(
            self.backbone, pictures, scale=self.scale, shift=self.shift, precision=self.precision
        )

    def outputs(self, features: Tensor, keep: Tensor | None = None) -> dict[str, Tensor]:
        """Return float32 [N, K] a term, of features [N, F].

        Parameters
        ----------
        keep
            [N, F], what features are multiplied by before the heads: see `dropout.keep_masks`.
        """
        kept = features if keep is None else features * keep
        with torch.autocast(features.device.type, enabled=False):
            made = {key: head(kept.float()).float() for key, head in self.heads.items()}
        return {key: made[head] for key, head in self._shared.items()}

    def forward(
        self,
        pictures: Tensor,
        keep: Tensor | None = None,
        groups: Groups | None = None,
        compute: Callable[[int, Tensor], Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """Return the outputs of all terms, float32 [N, K] each, in the pictures' order.

        Parameters
        ----------
        pictures
            uint8 [N, 3, side, side].
        groups
            Which go through the backbone together; None: all.
        compute
            Instead of `features`; also gets the number of the group.
        """
        if groups is None:
            groups = [slice(None)]
        found = [
            self.features(pictures[group]) if compute is None else compute(n, pictures[group])
            for n, group in enumerate(groups)
        ]
        return self.outputs(features_join(found, groups), keep)

    def train_layers(self, *, heads_only: bool) -> None:
        """Let layers learn: the heads alone, as in the warm-up, or those of the configuration.

        Nothing is computed backwards before the first layer that learns; BatchNorm in the layers
        before still goes by the batch, as in the released program.
        """
        self.heads.requires_grad_(True)
        backbone_free(self.backbone, "" if heads_only else self.trainable)

    def backbone_compile(self) -> None:
        """Let torch.compile make the backbone faster; the names of its weights stay."""
        # So that a group that is computed a second time draws the same.
        self.backbone.compile(dynamic=False, options={"fallback_random": True})

    def backbone_uncompile(self) -> None:
        """Undo `backbone_compile`."""
        self.backbone._compiled_call_impl = None

    @property
    def backbone_learns(self) -> bool:
        """Whether any layer of the backbone does."""
        return any(weight.requires_grad for weight in self.backbone.parameters())


def features_join(found: Iterable[Tensor], groups: Groups) -> Tensor:
    """Put the features of groups back into the order of the pictures: [N, F]."""
    joined = torch.cat(list(found))
    places = [group for group in groups if isinstance(group, Tensor)]
    if not places:
        return joined
    order = torch.cat(places)
    back = torch.empty_like(order)
    back[order] = torch.arange(len(order), device=order.device)
    return joined[back.to(joined.device)]


def network_build(config: TrainConfig, pretext: Pretext) -> tuple[PretextNetwork, Origin]:
    """Return the network of a configuration on the CPU, and what its initial weights are.

    The backbone's weights depend on the configuration's seed alone, each head's on seed and key:
    every task starts from the same backbone. Torch's global generator is left as it was.

    Raises
    ------
    ConfigInvalid, WeightsMissing
        As `origins.backbone_initial`.
    """
    backbone, origin = backbone_initial(config)
    heads, shared = {}, {}
    for key, term in pretext.terms.items():
        shared[key] = TERMS[key].head or key
        if shared[key] == key:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(derive(config.seed, "head", key))
                heads[key] = term.head(backbone.features)
    network = PretextNetwork(
        backbone, heads, shared=shared, precision=config.precision, trainable=config.trainable
    )
    network.train_layers(heads_only=False)
    return network.to(memory_format=torch.channels_last), origin
