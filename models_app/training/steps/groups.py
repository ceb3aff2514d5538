"""Which pictures of a batch go through the backbone together."""

from itertools import pairwise

import torch

from models_app.training.networks import Groups
from models_app.training.seeds import generator


def groups_make(
    bn_group: str,
    *,
    photos: int,
    views: int,
    chunk: int = 0,
    seed: int = 0,
    step: int = 0,
    first: int = 0,
    device: torch.device | None = None,
) -> Groups:
    """Divide the photos * views pictures of a batch, which lie photo by photo.

    Parameters
    ----------
    bn_group
        batch, photo, variant, chunk or frozen, as in a configuration.
    chunk
        Most pictures of a group, for chunk and frozen; 0 with frozen: all. Groups differ by one
        picture at most, so that none is left with a single one.
    seed, step, first
        Decide how chunks are shuffled; `first` is the place of the first photo in the batch of
        all processes.
    device
        Where the pictures are, and so the indices; what is drawn does not depend on it.

    Raises
    ------
    ValueError
        If the chunk is 0 where it decides the result.
    """
    count = photos * views
    match bn_group:
        case "batch":
            return [slice(0, count)]
        case "photo":
            return [slice(n, n + views) for n in range(0, count, views)]
        case "variant":
            return list(torch.arange(count, device=device).view(photos, views).T.contiguous())
    groups = -(-count // chunk) if chunk else 1
    if bn_group == "chunk":
        if not chunk:
            raise ValueError("Groups of chunk need a number of pictures; the chunk is 0.")
        drawn = torch.randperm(count, generator=generator(seed, "chunks", step, first))
        return list(drawn.to(device).tensor_split(groups))
    ends = [count * n // groups for n in range(groups + 1)]
    return [slice(low, high) for low, high in pairwise(ends)]
