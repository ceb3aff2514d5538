"""Whether one of two models errs less, image by image."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analysis.types import Undefined

ZeroRule = Literal["wilcox", "pratt"]
"""What becomes of images on which both err alike: dropped before ranking, or ranked and then left
out of the sums (SciPy's names)."""

Distribution = Literal["exact", "enumerated", "normal"]

EXACT_UP_TO = 50
"""Differing images up to which the exact distribution is used where no two differences tie."""

ENUMERATED_UP_TO = 13
"""Images up to which, with ties or ranked zeros, every pattern of signs is counted."""

_ZEROS = {"wilcox": "zeros dropped", "pratt": "zeros ranked (Pratt)"}
_DISTRIBUTIONS = {
    "exact": "exact",
    "enumerated": "exact, all patterns of signs",
    "normal": "normal approximation, corrected for ties",
}


@dataclass(frozen=True, slots=True)
class SignedRanks:
    """A one-sided signed-rank test of a model's errors against a baseline's.

    Attributes
    ----------
    statistic : float
        Sum of the ranks of the images on which the model errs less (W+, R's V).
    opposite : float
        Sum of the ranks of those on which it errs more.
    z : float or None
        The statistic's standard score, above 0 where the model errs less; None where the
        distribution is exact.
    p : float
        Probability of such a statistic, or a larger one, if neither erred less. 0 where it is
        below what a float holds (z above about 38).
    n, n_zero : int
        Images, and those of them on which both err alike.
    zeros : {"wilcox", "pratt"}
        What became of those.
    distribution : {"exact", "enumerated", "normal"}
        Where p comes from.
    continuity : bool
        Whether half a rank was taken off before the standard score.
    method : str
        All that in words, for captions and exports.
    """

    statistic: float
    opposite: float
    z: float | None
    p: float
    n: int
    n_zero: int
    zeros: ZeroRule
    distribution: Distribution
    continuity: bool
    method: str


def signed_ranks(
    errors: ArrayLike,
    baseline: ArrayLike,
    *,
    zeros: ZeroRule = "wilcox",
    continuity: bool = False,
) -> SignedRanks:
    """Test by signed ranks whether a model's absolute errors are smaller than a baseline's.

    Differences are ranked by their size, ties share the mean of their ranks, and only numbers that
    are equal to the last bit tie. The distribution is exact for up to 50 differing images without
    ties, counted out for up to 13 with ties or ranked zeros, and otherwise normal with the variance
    corrected for ties, and for ranked zeros after Cureton. Where all images have a difference of
    zero nothing speaks for the model, and p is 1.

    The test takes images as independent and says nothing about another training of either model.
    With many images a difference too small to matter is significant: show its size beside it
    (`analysis.effect_sizes`).

    Parameters
    ----------
    errors, baseline : array_like of float, shape (images,)
        Absolute errors of the model and of the baseline on the same images, in the same order.
    zeros : {"wilcox", "pratt"}
        Whether images without a difference are dropped before ranking, or after it.
    continuity : bool
        Whether the normal approximation takes half a rank off (R does, SciPy does not).

    Raises
    ------
    Undefined
        Without images.
    ValueError
        For shapes that differ, errors that are negative or not finite, or an unknown rule.

    References
    ----------
    Wilcoxon (1945), Biometrics Bulletin 1:80-83; Pratt (1959), JASA 54:655-667; Cureton (1967),
    JASA 62:1068-1069; Hollander, Wolfe and Chicken (2014), Nonparametric Statistical Methods,
    section 3.1.
    """
    if zeros not in _ZEROS:
        raise ValueError(f"zeros is {zeros!r}; allowed are {', '.join(_ZEROS)}")
    ours, theirs = paired_errors(errors, baseline)
    # SciPy sums an exact tail without cancellation only at the lower end, so the test asks whether
    # the ranks of images on which the model errs more are small.
    losses = ours - theirs
    n, n_zero = len(losses), int((losses == 0).sum())
    ranked = losses if zeros == "pratt" else losses[losses != 0]
    total = _rank_total(len(ranked)) - _rank_total(n_zero if zeros == "pratt" else 0)
    distribution = _distribution(ranked) if total else "exact"
    if total == 0:
        opposite, z, p = 0.0, None, 1.0
    else:
        opposite, z, p = _tested(ranked, zeros, distribution, continuity)
    return SignedRanks(
        statistic=total - opposite,
        opposite=opposite,
        z=z,
        p=p,
        n=n,
        n_zero=n_zero,
        zeros=zeros,
        distribution=distribution,
        continuity=continuity and z is not None,
        method=_method(zeros, distribution, continuity),
    )


def paired_errors(
    errors: ArrayLike, baseline: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return absolute errors of two models on the same images, checked.

    Raises
    ------
    Undefined
        Without images.
    ValueError
        For shapes that differ, or errors that are negative or not finite.
    """
    ours = np.asarray(errors, dtype=np.float64)
    theirs = np.asarray(baseline, dtype=np.float64)
    if ours.ndim != 1 or ours.shape != theirs.shape:
        raise ValueError(
            f"errors have shape {ours.shape}, the baseline's {theirs.shape}; both must have the "
            "same, one number an image"
        )
    if not len(ours):
        raise Undefined("a comparison needs at least one image; there are none")
    for values, whose in ((ours, "the model's"), (theirs, "the baseline's")):
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if len(wrong):
            raise ValueError(
                f"{whose} absolute error of image {wrong[0]} (from 0) is {values[wrong[0]]}; "
                "absolute errors must be finite numbers from 0"
            )
    return ours, theirs


def _rank_total(count: int) -> float:
    return count * (count + 1) / 2


def _distribution(ranked: NDArray[np.float64]) -> Distribution:
    plain = len(np.unique(np.abs(ranked))) == len(ranked) and bool((ranked != 0).all())
    if plain and len(ranked) <= EXACT_UP_TO:
        return "exact"
    return "enumerated" if not plain and len(ranked) <= ENUMERATED_UP_TO else "normal"


def _tested(
    ranked: NDArray[np.float64], zeros: ZeroRule, distribution: Distribution, continuity: bool
) -> tuple[float, float | None, float]:
    """Return the sum of the ranks above zero, the standard score of the others', and p."""
    method = {
        "exact": "exact",
        # More draws than there are patterns: each is counted once and none is random.
        "enumerated": stats.PermutationMethod(n_resamples=2**ENUMERATED_UP_TO),
        "normal": "asymptotic",
    }[distribution]
    found = stats.wilcoxon(
        ranked, zero_method=zeros, correction=continuity, alternative="less", method=method
    )
    z = -float(found.zstatistic) if distribution == "normal" else None
    return float(found.statistic), z, float(found.pvalue)


def _method(zeros: ZeroRule, distribution: Distribution, continuity: bool) -> str:
    parts = ["Wilcoxon signed-rank, one-sided", _ZEROS[zeros], _DISTRIBUTIONS[distribution]]
    if distribution == "normal":
        parts.append("with continuity correction" if continuity else "no continuity correction")
    return ", ".join(parts)
