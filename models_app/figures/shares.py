"""Curves over the share of labels, in small multiples: Fig. 3 and Fig. 5 of Pfister et al. 2021."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, nan

from matplotlib.axes import Axes

from models_app.figures.drawing import (
    COLOURS,
    COLUMN,
    Drawn,
    figure_finish,
    figure_new,
    note_height,
    note_write,
    rule_draw,
    styled,
)

_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1.5, 1, 1.5)))


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a share of the labels.

    Attributes
    ----------
    share
        0..1.
    value
        None where it is not defined: the line breaks there.
    low, high
        None without an interval.
    is_bound
        Whether the value is a bound alone: drawn hollow.
    """

    share: float
    value: float | None
    low: float | None = None
    high: float | None = None
    is_bound: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity.

    Attributes
    ----------
    label
        Of the vertical axis.
    curves
        Name to its points, in any order; the same names in every panel.
    reference
        Height of a dashed line, such as the baseline with all labels; None for none.
    """

    label: str
    curves: Mapping[str, Sequence[Point]]
    reference: float | None = None


def shares_draw(panels: Sequence[Panel], *, axis: str, note: str = "") -> Drawn:
    """Draw the panels, two in a row, over the same shares.

    Parameters
    ----------
    panels
        One or more.
    axis
        Label of the horizontal axes.
    note
        Line below the figure.

    Raises
    ------
    ValueError
        Where a panel has no points.
    """
    for panel in panels:
        if all(each.value is None for points in panel.curves.values() for each in points):
            raise ValueError(f"{panel.label!r} has no points to draw; at least one is needed.")
    if not panels:
        raise ValueError("There are no panels to draw; at least one is needed.")
    columns = 1 if len(panels) == 1 else 2
    rows = ceil(len(panels) / columns)
    names = list(panels[0].curves)
    with styled():
        height = 0.7 + 1.75 * rows + 0.15 * ceil(len(names) / 2) + note_height(note)
        figure = figure_new(height, width=COLUMN * (1 if columns == 1 else 1.6))
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True)
        for place, panel in enumerate(panels):
            _panel_draw(grid[place // columns, place % columns], panel, axis)
        for place in range(len(panels), rows * columns):
            grid[place // columns, place % columns].set_visible(False)
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=2, handlelength=2)
        note_write(figure, note)
        return figure_finish(figure)


def _panel_draw(axes: Axes, panel: Panel, axis: str) -> None:
    if panel.reference is not None:
        rule_draw(axes, y=panel.reference)
    for place, (name, points) in enumerate(panel.curves.items()):
        # Intervals of one share stand beside each other.
        shift = (place - (len(panel.curves) - 1) / 2) * 0.6
        _curve_draw(axes, name, points, place, shift)
    shares = sorted({point.share for points in panel.curves.values() for point in points})
    axes.set_xticks([100 * share for share in shares], [f"{100 * share:.0f}" for share in shares])
    axes.set_xlabel(axis)
    axes.set_ylabel(panel.label)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.5)
    axes.set_axisbelow(True)


def _curve_draw(axes: Axes, name: str, points: Sequence[Point], place: int, shift: float) -> None:
    """Draw one curve, `shift` percent to the right of its shares."""
    colour = COLOURS[place % len(COLOURS)]
    shown = sorted(points, key=lambda point: point.share)
    across = [100 * point.share + shift for point in shown]
    axes.plot(
        across,
        # A line breaks where a value is not a number.
        [nan if point.value is None else point.value for point in shown],
        color=colour,
        linestyle=_DASHES[place % len(_DASHES)],
        marker="o",
        markersize=2.4,
        label=name,
    )
    for x, point in zip(across, shown, strict=True):
        if point.is_bound and point.value is not None:
            axes.plot(
                [x], [point.value], "o", color=colour, markersize=4.2, markerfacecolor="white"
            )
        if point.low is not None and point.high is not None:
            axes.plot([x, x], [point.low, point.high], color=colour, linewidth=0.7)
