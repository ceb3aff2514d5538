"""Rank accuracy of distortions with intervals, against guessing."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from models_app.figures.drawing import (
    COLOURS,
    GREY,
    Drawn,
    figure_finish,
    figure_new,
    note_height,
    note_write,
    rule_draw,
    styled,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a number and its interval.

    Attributes
    ----------
    label
        What people read.
    value, low, high
        In the unit of the axis; low and high are None where there is no interval.
    group
        Rows of one group stand together, in one colour.
    summary
        Whether it sums up its group: drawn bold, with a diamond.
    """

    label: str
    value: float
    low: float | None
    high: float | None
    group: str
    summary: bool = False


def forest_draw(
    lines: Sequence[Line], *, axis: str, reference: float | None = None, note: str = ""
) -> Drawn:
    """Draw the rows from top to bottom, and a dashed line at the reference.

    Parameters
    ----------
    lines
        In the order of the figure, those of one group together.
    axis
        Label of the horizontal axis.
    reference
        What guessing would give; None for no line.
    note
        Line below the figure.

    Raises
    ------
    ValueError
        Without rows, or where a value lies outside its interval.
    """
    _check(lines)
    groups = list(dict.fromkeys(line.group for line in lines))
    with styled():
        rows = len(lines) + 0.6 * (len(groups) - 1)
        figure = figure_new(0.6 + 0.155 * rows + note_height(note))
        axes = figure.subplots()
        places = []
        y = 0.0
        for before, line in zip([lines[0], *lines], lines, strict=False):
            y += 1.0 if before.group == line.group else 1.6
            places.append(y)
            _line_draw(axes, line, y, COLOURS[groups.index(line.group) % len(COLOURS)])
        axes.set_yticks(places, labels=[line.label for line in lines])
        for label, line in zip(axes.get_yticklabels(), lines, strict=True):
            label.set_fontweight("bold" if line.summary else "normal")
        axes.set_ylim(y + 0.7, 0.3)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color="#e4e4e4", linewidth=0.5)
        axes.set_axisbelow(True)
        axes.set_xlabel(axis)
        if reference is not None:
            rule_draw(axes, x=reference)
        note_write(figure, note)
        return figure_finish(figure)


def _line_draw(axes: Axes, line: Line, y: float, colour: str) -> None:
    if line.low is not None and line.high is not None:
        axes.plot([line.low, line.high], [y, y], color=colour, solid_capstyle="butt")
    axes.plot(
        [line.value],
        [y],
        "D" if line.summary else "o",
        color=colour,
        markersize=4.2 if line.summary else 3.2,
        markeredgewidth=0.6,
        markerfacecolor=colour if line.low is not None else "white",
        markeredgecolor=colour if line.low is not None else GREY,
    )


def _check(lines: Sequence[Line]) -> None:
    if not lines:
        raise ValueError("There are no rows to draw; at least one is needed.")
    for line in lines:
        low = line.value if line.low is None else line.low
        high = line.value if line.high is None else line.high
        if not low <= line.value <= high:
            raise ValueError(
                f"{line.label!r} has the value {line.value} outside its interval {low} to {high}."
            )
