"""How many labels a pretraining saves: where its learning curve reaches the baseline's level."""

from dataclasses import dataclass
from math import ceil, floor
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rule = Literal["stays", "first"]
"""Which crossing counts where a curve crosses the baseline's level more than once: the last one,
from which on the curve stays there, or the first."""

_METHODS = {
    "stays": "bootstrap, percentile; smallest share from which on the level is kept",
    "first": "bootstrap, percentile; smallest share at which the level is reached",
}


@dataclass(frozen=True, slots=True)
class Reached:
    """A share of labels at which a level is reached, as far as the curve tells.

    Attributes
    ----------
    share : float
        Above 0, at most 1.
    relation : {"=", "<=", ">"}
        `<=`: reached already at the smallest share tried, which `share` is. `>`: not reached at
        the largest one, which `share` is.
    """

    share: float
    relation: Literal["=", "<=", ">"]

    @property
    def saving(self) -> float | None:
        """Share of labels saved; a lower bound with `<=`, None with `>`: none is shown."""
        return None if self.relation == ">" else 1 - self.share

    @property
    def text(self) -> str:
        """Per cent with the relation, as in "> 100 %"."""
        sign = {"=": "", "<=": "≤ ", ">": "> "}[self.relation]
        return f"{sign}{100 * self.share:.1f}".removesuffix(".0") + " %"


@dataclass(frozen=True, slots=True)
class LabelSaving:
    """The share of labels with which a pretrained network does what a baseline does with all.

    Attributes
    ----------
    reached : Reached
        That share.
    saving : float or None
        1 minus it; a lower bound where `reached.relation` is `<=`; None where the level is not
        reached.
    low, high : Reached
        Ends of the share's interval; the saving's are 1 minus them, the other way round.
    never, already : float
        Share of the resamples in which the level is not reached at the largest share, and in which
        it is reached at the smallest, 0..1 each.
    n : int
        Resamples.
    confidence : float
        Nominal coverage, 0..1.
    rule : {"stays", "first"}
        Which crossing counts.
    method : str
        Interval and rule in words, for captions and exports.
    """

    reached: Reached
    saving: float | None
    low: Reached
    high: Reached
    never: float
    already: float
    n: int
    confidence: float
    rule: Rule
    method: str


def label_saving(
    shares: ArrayLike,
    curve: ArrayLike,
    baseline: float,
    *,
    curves: ArrayLike,
    baselines: ArrayLike,
    lower_is_better: bool,
    rule: Rule = "stays",
    confidence: float = 0.95,
) -> LabelSaving:
    """Find the share of labels at which a pretrained curve reaches the baseline's level.

    Between the shares tried the curve is taken as straight. It reaches the level where it is as
    good or better. A curve that falls below again has not shown that its share is enough, and the
    first of several crossings is the luckiest, so by default the last one counts: from it on the
    curve stays at the level. A curve that ends below it has then not reached it.

    Resamples that never reach the level count as larger than any share, those that reach it at
    once as no larger than the smallest. The interval's ends are the resamples' quantiles rounded
    outwards to a resample, since nothing can be interpolated towards "never". They are about the
    images that were drawn, with these trainings: another subset or seed moves the curve as well.

    Parameters
    ----------
    shares : array_like of float, shape (shares,)
        Of the labels, rising, above 0, at most 1; at least two.
    curve : array_like of float, shape (shares,)
        The pretrained network's metric at each share.
    baseline : float
        The baseline's with all labels.
    curves : array_like of float, shape (resamples, shares)
        The curve in each resample of the images.
    baselines : array_like of float, shape (resamples,)
        The baseline in the same resamples, in the same order.
    lower_is_better : bool
        True for an error, False for a correlation or an accuracy.
    rule : {"stays", "first"}
        Which crossing counts.
    confidence : float
        Nominal coverage, between 0 and 1.

    Raises
    ------
    ValueError
        For shapes, shares, a rule or a confidence out of range, or numbers that are not finite.
    """
    at = _shares(shares)
    if rule not in _METHODS:
        raise ValueError(f"rule is {rule!r}; allowed are {', '.join(_METHODS)}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; allowed is a number between 0 and 1")
    sign = -1.0 if lower_is_better else 1.0
    above = sign * _above(at, np.asarray(curve)[None], [baseline])
    found = _crossings(at, above, rule)
    resampled = np.sort(_crossings(at, sign * _above(at, curves, baselines), rule))
    tail = (1 - confidence) / 2
    last = len(resampled) - 1
    low, high = resampled[floor(tail * last)], resampled[ceil((1 - tail) * last)]
    reached = _reached(at, found[0])
    return LabelSaving(
        reached=reached,
        saving=reached.saving,
        low=_reached(at, low),
        high=_reached(at, high),
        never=float(np.isposinf(resampled).mean()),
        already=float(np.isneginf(resampled).mean()),
        n=len(resampled),
        confidence=confidence,
        rule=rule,
        method=_METHODS[rule],
    )


def _crossings(
    shares: NDArray[np.float64], above: NDArray[np.float64], rule: Rule
) -> NDArray[np.float64]:
    """Return the share at which each curve reaches level 0, shape (curves,).

    Infinite where it never does, minus infinite where it does from the smallest share on.
    """
    good = above >= 0
    # The place of the first share after the crossing; the number of shares where there is none.
    if rule == "first":
        after = np.where(good.any(axis=1), good.argmax(axis=1), len(shares))
    else:
        bad = ~good
        after = np.where(bad.any(axis=1), len(shares) - bad[:, ::-1].argmax(axis=1), 0)
    found = np.where(after == 0, -np.inf, np.inf)
    rows = np.flatnonzero((after > 0) & (after < len(shares)))
    right = after[rows]
    before, behind = above[rows, right - 1], above[rows, right]
    # Below 0 before and not below it behind, so the difference is never 0.
    way = -before / (behind - before)
    found[rows] = shares[right - 1] + way * (shares[right] - shares[right - 1])
    return found


def _reached(shares: NDArray[np.float64], found: float) -> Reached:
    if np.isneginf(found):
        return Reached(float(shares[0]), "<=")
    if np.isposinf(found):
        return Reached(float(shares[-1]), ">")
    return Reached(float(found), "=")


def _shares(shares: ArrayLike) -> NDArray[np.float64]:
    at = np.asarray(shares, dtype=np.float64)
    if at.ndim != 1 or len(at) < 2:
        raise ValueError(f"shares have shape {at.shape}; a curve needs at least two in a row")
    if not ((at > 0).all() and (at <= 1).all() and (np.diff(at) > 0).all()):
        raise ValueError(f"shares are {at.tolist()}; they must rise, above 0 and at most 1")
    return at


def _above(
    shares: NDArray[np.float64], curves: ArrayLike, baselines: ArrayLike
) -> NDArray[np.float64]:
    """Return how far each curve is above its baseline, shape (curves, shares)."""
    found = np.asarray(curves, dtype=np.float64)
    base = np.asarray(baselines, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != len(shares) or base.shape != found.shape[:1]:
        raise ValueError(
            f"curves have shape {found.shape}, baselines {base.shape}; there must be a value for "
            f"each of the {len(shares)} shares, and a baseline for each curve"
        )
    if not len(found):
        raise ValueError("there are no resamples; an interval needs at least one")
    if not (np.isfinite(found).all() and np.isfinite(base).all()):
        raise ValueError("curves and baselines must be finite numbers")
    return found - base[:, None]
