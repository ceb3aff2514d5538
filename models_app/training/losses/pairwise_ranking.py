"""The margin ranking hinge over ordered pairs of a photo's variants."""

from torch import Tensor


def pairwise_ranking(
    scores: Tensor, pairs: Tensor, *, margin: float, columns: Tensor | None = None
) -> Tensor:
    """Return max(0, score(more distorted) - score(less distorted) + margin), over all pairs.

    Equation 1 of Pfister et al. 2021 with the sign and the margin of their program, since the
    printed ones are wrong; the same hinge as RankIQA (Liu et al. 2017, equation 4).

    Parameters
    ----------
    scores
        Shape [B, V, S]: of B photos, V variants each.
    pairs
        int64, shape [P, 2]: places of the less and of the more distorted variant.
    margin
        By how much the less distorted one should score above the other.
    columns
        int64, shape [P]: which of the S scores a pair is judged by; by default the first.

    Returns
    -------
    Tensor
        Scalar: summed over the pairs, averaged over the photos.
    """
    photos, _variants, width = scores.shape
    places = pairs * width
    if columns is not None:
        places = places + columns[:, None]
    # One gather for both ends: on a GPU the time goes into starting kernels.
    ends = scores.flatten(1).index_select(1, places.flatten()).view(photos, -1, 2)
    return (ends[..., 1] - ends[..., 0] + margin).relu().sum() / photos
