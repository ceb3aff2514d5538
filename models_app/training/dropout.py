"""Dropout of features that depends on seed, step and place alone."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.training.seeds import derive


def keep_masks(
    *,
    probability: float,
    seed: int,
    step: int,
    places: Sequence[int],
    views: int,
    features: int,
    device: torch.device | str = "cpu",
) -> Tensor | None:
    """Draw which features the heads are given, photo by photo.

    Chunks, processes and devices change no draw: those of a photo depend on its place in the
    batch of all processes.

    Parameters
    ----------
    probability
        Share of features left out, 0 to below 1.
    places
        Of the photos in the batch of all processes.

    Returns
    -------
    Tensor or None
        float32 [photos * views, features] of 0 and 1 / (1 - probability), photo by photo; None
        where nothing is left out.

    Raises
    ------
    ValueError
        If the probability is not 0 to below 1.
    """
    if not 0 <= probability < 1:
        raise ValueError(f"The dropout is {probability}; allowed are 0 to below 1.")
    if probability == 0:
        return None
    generator = torch.Generator()
    drawn = []
    for place in places:
        generator.manual_seed(derive(seed, "dropout", step, place))
        drawn.append(torch.rand(views, features, generator=generator) >= probability)
    kept = torch.cat(drawn)
    if torch.device(device).type == "cuda":
        # From pinned memory it is copied while the processor goes on.
        kept = kept.pin_memory()
    return kept.to(device, non_blocking=True).float().div_(1 - probability)
