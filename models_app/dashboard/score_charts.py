"""The charts of a scored photo, as places in an SVG picture that templates fill in."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from models_app.findings.sensitivity import Curve, Point

# Of one small chart, in units of its viewBox.
WIDTH, HEIGHT = 300, 124
LEFT, RIGHT, TOP, BOTTOM = 38, 10, 8, 20
# Of the distribution.
BARS_WIDTH, BARS_HEIGHT, BARS_BASE = 340, 170, 148
BAR = 34


@dataclass(frozen=True, slots=True)
class Mark:
    """One level in a small chart."""

    x: float
    y: float
    point: Point


@dataclass(frozen=True, slots=True)
class Small:
    """One distortion's chart; all of them have the same vertical scale."""

    curve: Curve
    marks: tuple[Mark, ...]

    @property
    def line(self) -> str:
        return " ".join(f"{mark.x},{mark.y}" for mark in self.marks)

    @property
    def reference(self) -> Mark:
        return next(mark for mark in self.marks if mark.point.step == 0)

    @property
    def ends(self) -> tuple[tuple[str, Mark], ...]:
        """The first and the last level, whose names stand below."""
        return ("start", self.marks[0]), ("end", self.marks[-1])


def scale_of(curves: list[Curve]) -> float:
    """Half the height of the vertical scale: the largest change, in halves of a score."""
    largest = max((abs(p.change) for curve in curves for p in curve.points), default=0.0)
    return max(0.5, ceil(2 * largest) / 2)


def small_make(curve: Curve, reach: float) -> Small:
    """Place a curve's levels side by side; the change in score upwards, 0 in the middle."""
    across = (WIDTH - LEFT - RIGHT) / max(1, len(curve.points) - 1)
    return Small(
        curve,
        tuple(
            Mark(round(LEFT + place * across, 1), height(point.change, reach), point)
            for place, point in enumerate(curve.points)
        ),
    )


def height(change: float, reach: float) -> float:
    middle = (TOP + HEIGHT - BOTTOM) / 2
    return round(middle - change / reach * (HEIGHT - TOP - BOTTOM) / 2, 1)


def frame(reach: float) -> dict[str, Any]:
    """What all small charts share: the size, and the lines of the scale."""
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "top": TOP,
        "base": HEIGHT - BOTTOM,
        "label_x": LEFT - 6,
        "label_y": HEIGHT - 5,
        "lines": [(value, height(value, reach)) for value in (reach, 0.0, -reach)],
    }


def bars(distribution: list[float], mean: float) -> dict[str, Any]:
    """Place a distribution over 1 to 10, and where its mean lies."""
    most = max(distribution)
    rows = [
        {
            "score": place + 1,
            "share": share,
            "percent": 100 * share,
            "x": round(place * BAR + 4, 1),
            "middle": round((place + 0.5) * BAR, 1),
            "y": round(BARS_BASE - (BARS_BASE - 22) * share / most, 1),
            "label_y": round(BARS_BASE - 4 - (BARS_BASE - 22) * share / most, 1),
            "high": round((BARS_BASE - 22) * share / most, 1),
        }
        for place, share in enumerate(distribution)
    ]
    return {
        "width": BARS_WIDTH,
        "height": BARS_HEIGHT,
        "base": BARS_BASE,
        "bar": BAR - 8,
        "label_y": BARS_HEIGHT - 6,
        "rows": rows,
        "mean_x": round((mean - 0.5) * BAR, 1),
    }
