"""Photos in, distributions over the scores 1 to 10 out."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from models_app.networks.architectures import BINS
from models_app.networks.building import Network
from models_app.networks.errors import NetworkError, PhotoUnusable
from models_app.networks.preprocessing import photo_to_input

Key = TypeVar("Key", bound=Hashable)
"""What a caller calls a photo by: a row's id, a file's name."""

Floats = NDArray[np.float32]

TOLERANCE = 1e-5
"""By so much a probability may change with the size of the batch its photo is in."""

VALUES = np.arange(1, BINS + 1, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Score(Generic[Key]):
    """What a network says of one photo.

    Attributes
    ----------
    key
        As the caller gave it.
    distribution
        Probabilities of the scores 1 to 10; they sum to 1.
    mean, sd
        Of the distribution; the mean lies between 1 and 10, the standard deviation is at most 4.5.
    """

    key: Key
    distribution: tuple[float, ...]
    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class Refused(Generic[Key]):
    """A photo that no network can take; `reason` is one sentence, without the photo's name."""

    key: Key
    reason: str


class Moments(NamedTuple):
    """Mean and standard deviation of distributions, each float64 [N]."""

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]


def score(
    photos: Iterable[tuple[Key, Image.Image]],
    network: Network,
    *,
    device: str | torch.device = "cpu",
    batch_size: int = 8,
) -> Iterator[Score[Key] | Refused[Key]]:
    """Score photos, one batch after the other, in their order.

    Nothing is read ahead of the batch at work: whoever stops asking stops the work.

    Parameters
    ----------
    photos
        Keys and upright sRGB pictures; they may be decoded while being asked for. What goes wrong
        in that is the caller's and comes through.
    network
        Moved to the device, and left there in evaluation mode.
    device
        Where it runs, in float32 without shortcuts.
    batch_size
        Photos at a time; a result changes by less than `TOLERANCE` with it.

    Raises
    ------
    ValueError
        If the batch size is below 1.
    NetworkError
        If the network returns something that is no distribution.
    """
    module = network.module.to(device).eval()

    def prepare(photo: Image.Image) -> Floats:
        return photo_to_input(photo, network.preprocessing)

    for batch in batches(photos, prepare, batch_size):
        if batch.keys:
            found = _scores(batch.keys, distributions(module, batch.inputs, device))
        for item in batch.order:
            yield item if isinstance(item, Refused) else next(found)


def distributions(
    module: nn.Module, batch: Floats | Tensor, device: str | torch.device = "cpu"
) -> NDArray[np.float64]:
    """Return the distributions of one batch.

    Parameters
    ----------
    module
        On the device, in evaluation mode; its outputs are logits [N, 10].
    batch
        float32, shape [N, 3, side, side], as `photo_to_input` makes it.

    Returns
    -------
    ndarray
        float64, shape [N, 10]: the network in float32, the softmax in float64.

    Raises
    ------
    NetworkError
        If the outputs have another shape or are not finite.
    """
    logits = forward(module, torch.as_tensor(batch).to(device))
    if logits.ndim != 2 or logits.shape[1] != BINS:
        raise NetworkError(
            f"The network returns {list(logits.shape[1:])} values a photo; it must return {BINS}."
        )
    if not bool(torch.isfinite(logits).all()):
        raise NetworkError(
            "The network returns infinite values: its weights are damaged, or the preprocessing "
            "is not the one it was trained with."
        )
    return cast("NDArray[np.float64]", logits.double().softmax(1).cpu().numpy())


def moments(distribution: NDArray[np.float64]) -> Moments:
    """Return mean and standard deviation over the scores 1 to 10 of distributions [N, 10]."""
    mean = distribution @ VALUES
    spread = (VALUES - mean[:, None]) ** 2
    return Moments(mean, np.sqrt((distribution * spread).sum(1)))


def forward(module: nn.Module, batch: Tensor) -> Tensor:
    """Run one batch without gradients, in full float32 precision, with repeatable kernels."""
    with torch.inference_mode(), full_precision(batch.device):
        outputs: Tensor = module(batch)
    return outputs


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Keep NVIDIA's convolutions and products from rounding to 10 bits, and from racing."""
    if device.type != "cuda":
        yield
        return
    products = torch.backends.cuda.matmul
    before, products.allow_tf32 = products.allow_tf32, False
    try:
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        ):
            yield
    finally:
        products.allow_tf32 = before


class Batch(NamedTuple, Generic[Key]):
    """Photos that are ready for a network.

    Attributes
    ----------
    keys
        Of the photos that are.
    inputs
        Theirs: float32, shape [len(keys), 3, side, side].
    order
        Every photo of the batch as it came: a key, or a refusal.
    """

    keys: list[Key]
    inputs: Floats
    order: list[Key | Refused[Key]]


def batches(
    photos: Iterable[tuple[Key, Image.Image]],
    prepare: Callable[[Image.Image], Floats],
    size: int,
) -> Iterator[Batch[Key]]:
    """Prepare photos in batches of `size`, refused ones counted, the last one shorter.

    Raises
    ------
    ValueError
        If the size is below 1.
    """
    if size < 1:
        raise ValueError(f"The batch size is {size}; it must be at least 1.")
    keys: list[Key] = []
    inputs: list[Floats] = []
    order: list[Key | Refused[Key]] = []
    for key, photo in photos:
        try:
            inputs.append(prepare(photo))
        except PhotoUnusable as error:
            order.append(Refused(key, str(error)))
        else:
            keys.append(key)
            order.append(key)
        if len(order) == size:
            yield _batch(keys, inputs, order)
            keys, inputs, order = [], [], []
    if order:
        yield _batch(keys, inputs, order)


def _batch(keys: list[Key], inputs: list[Floats], order: list[Key | Refused[Key]]) -> Batch[Key]:
    return Batch(keys, np.stack(inputs) if inputs else np.empty((0, 3, 1, 1), np.float32), order)


def _scores(keys: list[Key], found: NDArray[np.float64]) -> Iterator[Score[Key]]:
    mean, sd = moments(found)
    for place, key in enumerate(keys):
        yield Score(key, tuple(found[place].tolist()), float(mean[place]), float(sd[place]))
