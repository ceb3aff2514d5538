"""What a network makes of photos that it did not learn from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models_app.training.config import TrainConfig
from models_app.training.errors import Diverged
from models_app.training.loader import Batch
from models_app.training.measured import (
    KEPT,
    SAMPLES,
    Identity,
    Kept,
    Measured,
    kept_trim,
    measured_join,
)
from models_app.training.networks import PretextNetwork
from models_app.training.pretext.building import Pretext
from models_app.training.pretext.chart import Chart, Target
from models_app.training.pretext.registry import COMPARING
from models_app.training.steps.choosing import memory_short
from models_app.training.steps.memory import memory_available, out_of_memory

TILE = 96
"""Side of the small pictures, in pixels, where the network does not see smaller ones."""

CHUNKS = {"cpu": 32, "cuda": 256}
"""Pictures that go through the network at once, by kind of device; more is no faster."""

Outputs = Mapping[str, Tensor]


def evaluate(
    network: PretextNetwork,
    pretext: Pretext,
    config: TrainConfig,
    batches: Iterable[Batch],
    make: Callable[[Batch], Tensor],
    *,
    chunk: int = 0,
    keep: bool = True,
    seen: Callable[[int], None] = lambda photos: None,
) -> Measured:
    """Measure a network on photos; it is left as it was, in train or in eval mode.

    In several processes each measures its own photos; `measured_join` puts them together.

    Parameters
    ----------
    batches
        Of the photos, in any order; empty ones are passed over. Where a term compares photos, a
        batch of one photo is joined to the one after it, and a last one to the one before.
    make
        Returns a batch's pictures: uint8 [B, V, 3, side, side], on the network's device.
    chunk
        Pictures that go through the network at once, 0: as in `CHUNKS`; decides memory, and of
        results the rounding alone. It is halved where memory runs out.
    keep
        Whether outputs and small pictures of some photos are kept, for figures.
    seen
        Called with the number of photos after each batch; may raise to stop.

    Raises
    ------
    Diverged
        If an output is not finite.
    MemoryShort
        If memory is too short for a single picture at once.
    """
    forward = _Forward(network, config, chunk)
    if not COMPARING.isdisjoint(pretext.terms):
        batches = _paired(batches)
    parts: list[Measured] = []
    kept: dict[Identity, Kept] = {}
    with _evaluating(network), torch.inference_mode():
        for batch in batches:
            if not len(batch):
                continue
            pictures = make(batch)
            outputs = forward(pictures)
            _check_finite(outputs, batch)
            photos = tuple(zip(batch.keys, batch.names, strict=True))
            parts.append(_measure(pretext, config, outputs, photos))
            if keep:
                _keep(kept, photos, outputs, pictures)
            seen(len(photos))
    if not parts:
        return Measured((), {}, None, None, None, {})
    joined = measured_join(parts)
    return Measured(
        joined.photos, joined.losses, joined.outcomes, joined.right, joined.squares, kept
    )


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        # Not `train()`: layers that are frozen stay in eval mode while the others learn.
        for module, mode in modes:
            module.training = mode


def _paired(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Yield batches of two photos or more, unless there is one photo in all."""
    held: Batch | None = None
    alone: Batch | None = None
    for batch in batches:
        if not len(batch):
            continue
        if alone is not None:
            batch, alone = _joined(alone, batch), None
        if len(batch) == 1:
            alone = batch
            continue
        if held is not None:
            yield held
        held = batch
    if alone is not None:
        held = alone if held is None else _joined(held, alone)
    if held is not None:
        yield held


def _joined(one: Batch, two: Batch) -> Batch:
    return Batch(
        one.number,
        one.photos + two.photos,
        one.keys + two.keys,
        one.names + two.names,
        one.places + two.places,
        one.waited + two.waited,
    )


class _Forward:
    """From pictures to outputs, in chunks that fit into memory; what fitted is kept for the next.

    Parameters
    ----------
    chunk
        As of `evaluate`.
    """

    def __init__(self, network: PretextNetwork, config: TrainConfig, chunk: int) -> None:
        self._network, self._config = network, config
        self._chunk = chunk

    def __call__(self, pictures: Tensor) -> dict[str, Tensor]:
        """Return float32 [B, V, K] a term."""
        device = pictures.device
        self._chunk = self._chunk or CHUNKS[device.type]
        while (found := self._try(pictures)) is None:
            if device.type == "cuda":
                torch.cuda.empty_cache()
            if self._chunk == 1:
                needs = "more than there is for one picture at a time"
                raise memory_short(self._config, needs, memory_available(device), learns=False)
            self._chunk = min(self._chunk, pictures.shape[0] * pictures.shape[1]) // 2 or 1
        return found

    def _try(self, pictures: Tensor) -> dict[str, Tensor] | None:
        """Return None where memory ran out; the frames that held it are gone by then."""
        try:
            found = [
                self._network.outputs(self._network.features(piece))
                for piece in pictures.flatten(0, 1).split(self._chunk)
            ]
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            return None
        return {
            key: torch.cat([part[key] for part in found]).float().reshape(*pictures.shape[:2], -1)
            for key in found[0]
        }


def _check_finite(outputs: Outputs, batch: Batch) -> None:
    for term, values in outputs.items():
        fine = values.isfinite().flatten(1).all(1)
        if not fine.all():
            name = batch.names[int(fine.logical_not().nonzero()[0, 0])]
            raise Diverged(
                f"The network's output for {term} on {name} is not finite; lower the learning "
                "rate, or start from weights that are."
            )


def _measure(
    pretext: Pretext, config: TrainConfig, outputs: Outputs, photos: tuple[Identity, ...]
) -> Measured:
    chart = pretext.chart
    losses = {key: float(term.loss(outputs[key])) for key, term in pretext.terms.items()}
    numbers = {
        key: outputs[key].cpu().numpy()
        for key in ("ranking", "classification", "regression", "rotnet")
        if key in outputs
    }
    right = outcomes = squares = None
    if "rotnet" in numbers:
        right = numbers["rotnet"].argmax(2) == np.arange(numbers["rotnet"].shape[1])
    if chart is not None and "ranking" in numbers:
        outcomes = outcomes_of(numbers["ranking"], chart)
    if chart is not None and "classification" in numbers:
        right = classes_right(numbers["classification"], chart)
    if chart is not None and "regression" in numbers:
        targets = chart.targets(
            cast("Target", config.regression_target), references=config.regress_references
        )
        said = numbers["regression"][:, targets.views, targets.columns]
        squares = (said - targets.values) ** 2
    return Measured(photos, losses, outcomes, right, squares, {})


def outcomes_of(scores: NDArray[np.float32], chart: Chart) -> NDArray[np.int8]:
    """Return who won each ordered pair.

    Parameters
    ----------
    scores
        Shape [B, V, 1], or [B, V, A] with one an aspect: then that of the pair's aspect counts.

    Returns
    -------
    ndarray
        [B, P]: 1 where the less distorted variant scores higher, 0 where both score the same, -1
        where it scores lower.
    """
    columns = chart.pair_aspect if scores.shape[2] > 1 else np.zeros_like(chart.pair_aspect)
    less, more = (scores[:, chart.pairs[:, side], columns] for side in (0, 1))
    outcomes: NDArray[np.int8] = np.sign(less - more).astype(np.int8)
    return outcomes


def classes_right(logits: NDArray[np.float32], chart: Chart) -> NDArray[np.bool_]:
    """Return whether each distorted variant's distortion has the highest logit of its aspect.

    Parameters
    ----------
    logits
        Shape [B, V, K], classes as in `Chart.classes`.

    Returns
    -------
    ndarray
        [B, D], pictures as in `Chart.distorted`. Of equal logits the first class counts as named.
    """
    own = chart.variant_aspect[chart.distorted][:, None] == chart.class_aspect
    among = np.where(own, logits[:, chart.distorted], -np.inf)
    found: NDArray[np.bool_] = among.argmax(2) == chart.variant_class[chart.distorted]
    return found


def _keep(
    kept: dict[Identity, Kept],
    photos: tuple[Identity, ...],
    outputs: Outputs,
    pictures: Tensor,
) -> None:
    """Add a batch's photos to those that are kept, and drop what is then too much."""
    known = sorted([*kept, *photos])
    wanted, samples = set(known[:KEPT]), set(known[:SAMPLES])
    for place, photo in enumerate(photos):
        if photo in wanted:
            named = {
                key: outputs[key][place].cpu().numpy()
                for key in ("ranking", "regression")
                if key in outputs
            }
            kept[photo] = Kept(named, _tiles(pictures[place]) if photo in samples else None)
    trimmed = kept_trim(kept)
    kept.clear()
    kept.update(trimmed)


def _tiles(pictures: Tensor) -> NDArray[np.uint8]:
    """Return small pictures [V, tile, tile, 3] of [V, 3, side, side]."""
    side = min(TILE, pictures.shape[-1])
    small = functional.interpolate(
        pictures.float(), size=(side, side), mode="bilinear", antialias=True, align_corners=False
    )
    made: NDArray[np.uint8] = (
        small.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    )
    return made
