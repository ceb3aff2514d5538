"""Earth mover's distance between distributions over ordered scores, r = 2.

Hou, Yu, Samaras 2016, "Squared earth mover's distance-based loss for training deep neural
networks"; Talebi, Milanfar 2018, "NIMA: neural image assessment", equation 1.
"""

import torch
from torch import Tensor


def emd_squares(predicted: Tensor, truth: Tensor) -> Tensor:
    """Return the mean over the bins of (CDF_p - CDF_q)^2, a number a photo: [N].

    Parameters
    ----------
    predicted, truth
        Shares of the bins in their order, [N, K], which sum to 1.

    Raises
    ------
    ValueError
        If the shapes differ or are no list of distributions.
    """
    if predicted.ndim != 2 or predicted.shape != truth.shape:
        raise ValueError(
            f"The distributions have shapes {list(predicted.shape)} and {list(truth.shape)}; both "
            "must be [photos, bins]."
        )
    # Sums first, then the difference: bins as far apart as they are must count as much.
    apart = predicted.cumsum(1) - truth.cumsum(1)
    return apart.square().mean(1)


def emd_root(squares: Tensor) -> Tensor:
    """Return the root of numbers that are not negative; its gradient at 0 is 0, not infinite."""
    positive = squares > 0
    safe = torch.where(positive, squares, torch.ones_like(squares))
    return torch.where(positive, safe.sqrt(), squares)


def emd(predicted: Tensor, truth: Tensor, *, root: str = "sample") -> Tensor:
    """Return the distance of a batch, a scalar.

    Parameters
    ----------
    predicted, truth
        As of `emd_squares`.
    root
        `sample`: of each photo, then the mean over photos. `batch`: of the mean over photos and
        bins, as the released program of Pfister et al. has it.

    Raises
    ------
    ValueError
        As `emd_squares`, and for another word.
    """
    squares = emd_squares(predicted, truth)
    if root == "sample":
        return emd_root(squares).mean()
    if root == "batch":
        return emd_root(squares.mean())
    raise ValueError(f"root is {root!r}; allowed are sample and batch.")
