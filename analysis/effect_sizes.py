"""How much less a model errs than a baseline, on the same images."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from analysis.wilcoxon import ZeroRule, paired_errors


@dataclass(frozen=True, slots=True)
class Effects:
    """Sizes of a paired difference; above 0 where the model errs less than the baseline.

    Attributes
    ----------
    mae, mae_baseline : float
        Mean absolute errors, in `unit`.
    mae_gain : float
        The baseline's minus the model's, in `unit`.
    unit : str
        Of the errors, as a caption says it.
    rank_biserial : float or None
        Matched-pairs rank-biserial correlation, -1..1; None where no image differs.
    d_z : float or None
        Cohen's d_z: the mean gain in standard deviations of the gains; None with one image, and
        where all gains are equal.
    n : int
        Images.
    """

    mae: float
    mae_baseline: float
    mae_gain: float
    unit: str
    rank_biserial: float | None
    d_z: float | None
    n: int


def effect_sizes(
    errors: ArrayLike, baseline: ArrayLike, *, unit: str, zeros: ZeroRule = "wilcox"
) -> Effects:
    """Measure a paired difference of absolute errors.

    The rank-biserial correlation is the signed-rank statistic on a scale without n: the share of
    the ranks' sum that speaks for the model minus the share that speaks against it. Gains rarely
    are normal; d_z is there for comparison with other studies.

    Parameters
    ----------
    errors, baseline : array_like of float, shape (images,)
        Absolute errors of the model and of the baseline on the same images, in the same order.
    unit : str
        Of the errors, for instance "points of 1..10".
    zeros : {"wilcox", "pratt"}
        As in `analysis.wilcoxon.signed_ranks`; images without a difference
        count for neither share.

    Raises
    ------
    Undefined, ValueError
        As in `analysis.wilcoxon.paired_errors`.

    References
    ----------
    King, Rosopa and Minium (2011), Statistical Reasoning in the Behavioral Sciences; Kerby (2014),
    Comprehensive Psychology 3:11.IT.3.1; Cohen (1988), Statistical Power Analysis for the
    Behavioral Sciences, section 2.3.5; Lakens (2013), Frontiers in Psychology 4:863.
    """
    ours, theirs = paired_errors(errors, baseline)
    gains = theirs - ours
    return Effects(
        mae=float(ours.mean()),
        mae_baseline=float(theirs.mean()),
        mae_gain=float(gains.mean()),
        unit=unit,
        rank_biserial=_rank_biserial(gains, zeros),
        d_z=_d_z(gains),
        n=len(gains),
    )


def _rank_biserial(gains: NDArray[np.float64], zeros: ZeroRule) -> float | None:
    ranked = gains if zeros == "pratt" else gains[gains != 0]
    ranks = rankdata(np.abs(ranked))
    better, worse = ranks[ranked > 0].sum(), ranks[ranked < 0].sum()
    return float((better - worse) / (better + worse)) if better + worse else None


def _d_z(gains: NDArray[Any]) -> float | None:
    # Equal gains have a standard deviation that is rounding, or none at all.
    if len(gains) < 2 or np.ptp(gains) == 0:
        return None
    return float(gains.mean() / gains.std(ddof=1))
