"""Curves of several runs in one chart."""

from collections.abc import Mapping, Sequence
from math import ceil, isfinite, nan
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.ticker import LogFormatter, MaxNLocator

from models_app.figures.drawing import (
    COLOURS,
    LETTERS,
    Drawn,
    figure_finish,
    figure_new,
    note_write,
    rule_draw,
    styled,
)

Points = Sequence[tuple[float, float]]

BESIDE = 20
"""Letters of names that stand in two columns."""

FEW = 25
"""Points of a curve that are marked one by one."""

_DASHES: tuple[str | tuple[float, tuple[float, ...]], ...] = (
    "-",
    (0, (4, 1.5)),
    (0, (1, 1)),
    (0, (5, 1.5, 1, 1.5)),
)


class _Powers(LogFormatter):
    """Numbers at the places that a logarithmic axis marks; the usual ones write formulas."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return f"{x:g}" if super().__call__(x, pos) else ""


def curves_draw(
    runs: Mapping[str, Points],
    *,
    axis: str,
    label: str,
    reference: float | None = None,
    log: bool = False,
    note: str = "",
) -> Drawn:
    """Draw a line a run, told apart by colour and, beyond seven, also by dashes.

    Parameters
    ----------
    runs
        Name of a run to its points; a point that is not finite leaves a gap.
    axis, label
        Of the horizontal and vertical axes.
    reference
        Height of a dashed line, such as what guessing gives; None for none.
    log
        Whether the vertical axis is logarithmic.
    note
        Line below the figure.

    Raises
    ------
    ValueError
        Where no run has a finite point, or, with `log`, one that is not positive.
    """
    heights = [y for points in runs.values() for _x, y in points if isfinite(y)]
    if not heights:
        raise ValueError("There are no points to draw; at least one finite one is needed.")
    if log and min(heights) <= 0:
        raise ValueError(f"A logarithmic axis cannot show {min(heights)}; set log to false.")
    names = [_plain(name) for name in runs]
    columns = 2 if max(map(len, names)) <= BESIDE else 1
    lines = sum(name.count("\n") + 1 for name in names)
    with styled():
        figure = figure_new(1.95 + 0.15 * ceil(lines / columns))
        axes = figure.subplots()
        if reference is not None:
            rule_draw(axes, y=reference)
        for place, points in enumerate(runs.values()):
            _curve_draw(axes, points, place, names[place])
        if log:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(_Powers())
            axes.yaxis.set_minor_formatter(_Powers())
        if all(float(x).is_integer() for points in runs.values() for x, _y in points):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_xlabel(axis)
        axes.set_ylabel(label)
        axes.grid(axis="y", color="#e4e4e4", linewidth=0.5)
        axes.set_axisbelow(True)
        if len(runs) > 1 or any(runs):
            figure.legend(loc="outside upper center", ncols=columns, handlelength=1.8)
        note_write(figure, note)
        return figure_finish(figure)


def _curve_draw(axes: Axes, points: Points, place: int, name: str) -> None:
    axes.plot(
        [x for x, _y in points],
        [y if isfinite(y) else nan for _x, y in points],
        color=COLOURS[place % len(COLOURS)],
        linestyle=_DASHES[place // len(COLOURS) % len(_DASHES)],
        # A point between two gaps has no line.
        marker="o" if len(points) <= FEW else "",
        markersize=2.2,
        label=name,
    )


def _plain(name: str) -> str:
    """Return a name in lines that fit, not hidden (leading underscore)."""
    plain = "\n".join(wrap(name, LETTERS - 8))
    return f" {plain}" if plain.startswith("_") else plain
