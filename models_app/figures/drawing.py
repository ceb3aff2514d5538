"""What all figures share: size, type, colours, and how they become files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from textwrap import wrap
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLUMN = 3.35
"""Width of a column of a two-column paper, in inches."""

DPI = 300

SMALL = 7.0
"""Smallest type, in points."""

LETTERS = 56
"""Of the smallest type that fit across a column."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Told apart with any colour vision (Okabe and Ito 2008); its yellow is too pale for lines."""

GREY = "#767676"
RULE = "#b8b8b8"

_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Helvetica", "Arial"],
    "font.size": SMALL,
    "axes.titlesize": 8.0,
    "axes.labelsize": SMALL + 0.5,
    "axes.linewidth": 0.6,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": SMALL,
    # Names may hold dollar signs; no text of a figure is a formula.
    "text.parse_math": False,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    # Text stays text, to be searched and edited; ids and dates must not change between runs.
    "svg.fonttype": "none",
    "svg.hashsalt": "proofsheet",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One figure in both formats; the same data give the same bytes."""

    svg: bytes
    png: bytes


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the house style; matplotlib's settings are as before afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def figure_new(height: float, *, width: float = COLUMN) -> Figure:
    """Return an empty figure of this size in inches, its parts placed so that nothing overlaps."""
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")


def note_write(figure: Figure, note: str) -> None:
    """Put a text below everything, at the left, in as many lines as it needs."""
    if note:
        lines = "\n".join(wrap(note, LETTERS))
        figure.supxlabel(lines, x=0.01, ha="left", fontsize=SMALL, color=GREY)


def note_height(note: str) -> float:
    """Return the inches that a note takes beyond the two lines that figures have room for."""
    return 0.14 * max(0, len(wrap(note, LETTERS)) - 2)


def rule_draw(axes: Axes, *, x: float | None = None, y: float | None = None) -> None:
    """Draw a thin dashed line behind the data, across the whole panel."""
    style: dict[str, Any] = {
        "color": GREY,
        "linewidth": 0.8,
        "linestyle": (0, (4, 3)),
        "zorder": 0.5,
    }
    if x is not None:
        axes.axvline(x, **style)
    if y is not None:
        axes.axhline(y, **style)


def figure_finish(figure: Figure) -> Drawn:
    """Return the figure's files; call it within `styled`."""
    svg, png = BytesIO(), BytesIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", dpi=DPI, metadata={"Software": None})
    return Drawn(svg.getvalue(), png.getvalue())
