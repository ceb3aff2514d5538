"""Distance between the scores of two photos under the same distortion and level."""

from torch import Tensor


def agreement(scores: Tensor, views: Tensor, columns: Tensor) -> Tensor:
    """Return the squared distance of two photos' scores, over distorted views.

    Pfister et al. 2021 propose it in section 6 without a formula. Here: the square, summed over
    the views, averaged over all pairs of photos of the batch; that is twice the unbiased variance
    of each view's scores, which needs no pairs. With a single photo there is none: 0.

    Parameters
    ----------
    scores
        Shape [B, V, S].
    views, columns
        int64, shape [T]: places of the views, and which of the S scores is compared.

    Returns
    -------
    Tensor
        Scalar.
    """
    photos, _views, width = scores.shape
    judged = scores.flatten(1).index_select(1, views * width + columns)
    # Centred first: a difference of large sums would lose the digits of nearly equal scores.
    apart = judged - judged.mean(0)
    return 2 * apart.square().sum() / max(photos - 1, 1)
