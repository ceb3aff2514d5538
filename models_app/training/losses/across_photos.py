"""Ranking of a less distorted photo above another photo that is more distorted."""

import torch
from torch import Tensor


def across_photos(
    scores: Tensor, pairs: Tensor, *, margin: float, columns: Tensor | None = None
) -> Tensor:
    """Return the margin ranking hinge between different photos of the batch.

    Pfister et al. 2021 propose it in section 6 without a formula. Here: for every ordered pair of
    a chain and every two photos A and B, A's less distorted variant against B's more distorted
    one and the other way round. Summed over the pairs; averaged over A and over its B - 1 others,
    so that it is of the size of the ranking within photos. With a single photo there is no
    other: 0. It takes memory for B x B x P numbers.

    Parameters
    ----------
    scores, pairs, margin, columns
        As `pairwise_ranking` takes them. Pairs whose variants are the same picture should be
        left out: between photos they ask for A above B and for B above A.

    Returns
    -------
    Tensor
        Scalar.
    """
    photos, _variants, width = scores.shape
    places = pairs * width
    if columns is not None:
        places = places + columns[:, None]
    ends = scores.flatten(1).index_select(1, places.flatten()).view(photos, -1, 2)
    hinges = (ends[None, :, :, 1] - ends[:, None, :, 0] + margin).relu().sum(2)
    same = torch.eye(photos, dtype=torch.bool, device=scores.device)
    return hinges.masked_fill(same, 0).sum() / (photos * max(photos - 1, 1))
