"""Linear correlation after a logistic function has taken predictions to the scale of the truth."""

from math import exp, isfinite, sqrt
from typing import NamedTuple

import numpy as np

from analysis.metrics.base import Counts, FitFailed, Measure, Sample, Vector, mean, scaled
from analysis.metrics.correlation import bounded, lcc

STEPS = 200
# Shares of the variance of the truth: where to end, and where Newton's steps begin.
_PROMISE = 1e-10
_NEAR = 1e-3
_LOWEST = -40.0
_DAMPING_MOST = 1e10
_WORSE = 1e-9
_ENTRIES = ((1, 1), (1, 2), (2, 2))

Pair = tuple[float, float]
Triple = tuple[float, ...]


def lcc_logistic(sample: Sample) -> Measure:
    """Pearson's correlation of the truth with (b1 - b2) / (1 + exp(-(x - b3) / b4)) + b2, 0..1.

    The four parameters are fitted by least squares, from b3 = mean(x), b4 = sd(x) / 4. b1 and b2
    are linear and computed for every b3, b4 (variable projection), so their customary start
    max(y), min(y) is not needed and predictions that fall with the truth are mapped, too: the
    result has no sign. The steps end after one that promises less than 1e-10 of the variance.
    Where the data determine the curve a resample has the value of its rows to 1e-12; where the
    best curve is a limit (a step, a line, an exponential) to 1e-7.

    Raises
    ------
    FitFailed
        By the measure, with raw LCC to stand instead: no end within 200 steps, or a fit that
        explains less than a straight line.
    Undefined
        By the measure, where either side is constant.

    References
    ----------
    VQEG (2000), Final report on the validation of objective models of video quality assessment,
    phase I; Sheikh, Sabir and Bovik (2006), IEEE TIP 15:3440-3451; Golub and Pereyra (1973), SIAM
    Journal on Numerical Analysis 10:413-432.
    """
    raw = lcc(sample)
    x, y = scaled(sample.predictions), scaled(sample.truth)

    def measure(counts: Counts) -> float:
        straight = raw(counts)
        fitted = _fitted(x, y, counts)
        if fitted is None:
            raise FitFailed(
                f"the logistic fit does not converge in {STEPS} steps", instead=straight
            )
        if fitted < straight**2 - _WORSE:
            raise FitFailed("the logistic fit explains less than a straight line", instead=straight)
        return bounded(sqrt(fitted))

    return measure


class _Point(NamedTuple):
    """A curve 1 / (1 + exp(-(shift + slope x))), what it explains, and where to go from it.

    explained: share of the variance of y, 0..1; NaN where the curve is flat.
    down: against the gradient of half the squared residuals by shift and log slope, b1 and b2
    fitted anew everywhere, as shares of the variance of y.
    newton, gauss: its second derivatives (shift twice, both, log slope twice), and the same
    without the curvature of the curve, which never bend the wrong way.
    size: squares of the first derivatives, the unit of the damping.
    """

    shift: float
    slope: float
    explained: float
    down: Pair
    newton: Triple
    gauss: Triple
    size: Pair


def _fitted(x: Vector, y: Vector, counts: Counts) -> float | None:
    """Return the share of the variance that the best curve explains; None without an end."""
    # In units of the drawn rows, so that the way to the end is that of the rows alone.
    centred = x - mean(x, counts)
    rows = _Rows(centred / sqrt(mean(centred**2, counts)), y, counts)
    point, damping = rows.point(0.0, 4.0), 1e-3
    for _step in range(STEPS):
        if not point.explained > 0:
            break
        move = _move(point, damping)
        if move is not None:
            by, grow, promised = move
            tried = rows.point(point.shift * grow + by, point.slope * grow)
            better = tried.explained > point.explained
            if promised <= _PROMISE and damping <= 1:
                return tried.explained if better else point.explained
            if better:
                point, damping = tried, damping / 5
                continue
        damping *= 4
        if damping > _DAMPING_MOST:
            return point.explained
    return None


class _Rows:
    """What is fitted: z, the predictions with mean 0 and deviation 1, y, and the counts."""

    def __init__(self, z: Vector, y: Vector, counts: Counts) -> None:
        self._z, self._y, self._counts = z, y, counts
        drawn = z[counts > 0]
        self._ends = float(drawn.min()), float(drawn.max())

    def point(self, shift: float, slope: float) -> _Point:
        """Return the curve and its derivatives."""
        if shift > 0:
            # The same curve upside down: near 1 its differences would drown in rounding.
            shift, slope = -shift, -slope
        nowhere = _Point(shift, slope, float("nan"), (0, 0), (0, 0, 0), (0, 0, 0), (0, 0))
        # Below, the curve is an exponential to the last bit and goes nowhere new.
        if shift + max(slope * end for end in self._ends) < _LOWEST:
            return nowhere
        u = np.clip(shift + slope * self._z, -700, 700)
        curve = 1 / (1 + np.exp(-u))
        first = curve * (1 - curve)
        columns = np.stack([curve, first, first * u, self._y])
        columns -= (np.einsum("kn,n->k", columns, self._counts) / self._counts.sum())[:, None]
        p = np.einsum("in,jn->ij", columns * self._counts, columns).tolist()
        if not p[0][0] * p[3][3] * p[0][3] ** 2 > 0:
            return nowhere
        second = first * (1 - 2 * curve)
        seconds = np.stack([second, second * u, (second * u + first) * u])
        rest = (columns[3] - p[0][3] / p[0][0] * columns[0]) * self._counts
        return _derived(shift, slope, p, np.einsum("kn,n->k", seconds, rest).tolist())


def _derived(shift: float, slope: float, p: list[list[float]], bent: list[float]) -> _Point:
    """Return a point from products of curve, first derivatives and y, and of second with rest."""
    variance, total = p[0][0], p[3][3]
    height = p[0][3] / variance
    down = [height * (p[i][3] - height * p[i][0]) / total for i in (1, 2)]
    scale, share = height**2 / total, p[0][3] * height / total
    # How b2 follows the two: by the residuals, which the approximation leaves out, and the curve.
    follows = [scale * p[i][0] - down[i - 1] for i in (1, 2)]
    return _Point(
        shift,
        slope,
        share,
        (down[0], down[1]),
        tuple(
            scale * p[i][j]
            - bent[i + j - 2] * height / total
            - follows[i - 1] * follows[j - 1] / share
            for i, j in _ENTRIES
        ),
        tuple(scale * (p[i][j] - p[i][0] * p[0][j] / variance) for i, j in _ENTRIES),
        (scale * p[1][1], scale * p[2][2]),
    )


def _move(point: _Point, damping: float) -> tuple[float, float, float] | None:
    """Return what to add to the shift, to multiply the slope by, and the share promised.

    Gauss-Newton far from the end, where it is the safer one, Newton near it, where it is fast
    however large the residuals are. None where the damping does not yet make it a descent.
    """
    far = _solved(point.gauss, point, damping)
    near = _solved(point.newton, point, damping)
    if far is not None and (near is None or far[2] > _NEAR):
        return far
    return near


def _solved(bend: Triple, point: _Point, damping: float) -> tuple[float, float, float] | None:
    a, b, d = bend
    a, d = a + damping * point.size[0], d + damping * point.size[1]
    bottom = a * d - b * b
    if not (a > 0 and bottom > 0):
        return None
    e, f = point.down
    by, log_grow = (d * e - b * f) / bottom, (a * f - b * e) / bottom
    if not (isfinite(by) and isfinite(log_grow)):
        return None
    return by, exp(min(3.0, max(-3.0, log_grow))), by * e + log_grow * f
