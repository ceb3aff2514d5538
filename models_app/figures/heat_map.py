"""Rank accuracy of every level of every distortion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from models_app.figures.drawing import (
    GREY,
    SMALL,
    Drawn,
    figure_finish,
    figure_new,
    note_write,
    styled,
)

MAP = colormaps["RdBu"]
"""Red below 0.5, white there, blue above."""


@dataclass(frozen=True, slots=True)
class Row:
    """One distortion.

    Attributes
    ----------
    label
        What people read.
    group
        Label of the rows that it stands among.
    accuracies
        Step to accuracy, 0..1: steps count outwards from the reference, below it negative. A
        level without pairs has None, a step without level is left out.
    """

    label: str
    group: str
    accuracies: Mapping[int, float | None]


def heat_map_draw(rows: Sequence[Row], *, note: str = "") -> Drawn:
    """Draw a row a distortion and a column a step, white at 0.5, the number in each cell.

    Raises
    ------
    ValueError
        Without any level, or for an accuracy outside 0..1.
    """
    _check(rows)
    steps = sorted({step for row in rows for step in row.accuracies})
    columns = _columns(steps)
    with styled():
        groups = list(dict.fromkeys(row.group for row in rows))
        figure = figure_new(1.15 + 0.165 * (len(rows) + 1.25 * len(groups)))
        axes = figure.subplots()
        y = 0.0
        ticks: list[tuple[float, str]] = []
        for group in groups:
            axes.text(min(columns.values()) - 0.5, y + 0.25, group, va="center", fontweight="bold")
            y += 1.25
            for row in (row for row in rows if row.group == group):
                _row_draw(axes, row, y, columns)
                ticks.append((y, row.label))
                y += 1
        axes.set_yticks([y for y, _label in ticks], labels=[label for _y, label in ticks])
        axes.set_ylim(y - 0.45, -0.5)
        _steps_write(axes, columns)
        _scale_draw(figure, axes)
        note_write(figure, note)
        return figure_finish(figure)


def _columns(steps: Sequence[int]) -> dict[int, float]:
    """Return where each step stands; levels below and above the reference stand apart."""
    return {step: step + 0.6 if step < 0 else step - 0.1 for step in steps}


def _row_draw(axes: Axes, row: Row, y: float, columns: Mapping[int, float]) -> None:
    for step, value in row.accuracies.items():
        x = columns[step]
        colour = (1.0, 1.0, 1.0) if value is None else MAP(value)[:3]
        axes.add_patch(
            Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor="white", linewidth=0.8)
        )
        # Relative luminance: below 0.5 white is the easier to read.
        dark = 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2] < 0.5
        axes.text(
            x,
            y + 0.03,
            "–" if value is None else _short(value),
            ha="center",
            va="center_baseline",
            color="white" if dark else "black",
        )


def _short(value: float) -> str:
    text = f"{value:.2f}"
    return text.removeprefix("0") if text != "1.00" else "1"


def _steps_write(axes: Axes, columns: Mapping[int, float]) -> None:
    places = list(columns.values())
    axes.set_xlim(min(places) - 0.5, max(places) + 0.5)
    axes.set_xticks(places, labels=[str(abs(step)) for step in columns])
    axes.tick_params(length=0, pad=2)
    axes.spines[:].set_visible(False)
    for sign, label in ((-1, "below the default"), (1, "above the default")):
        side = [place for step, place in columns.items() if step * sign > 0]
        if side:
            middle = (side[0] + side[-1]) / 2
            axes.annotate(
                label,
                (middle, 0),
                xytext=(0, -14),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                va="top",
            )
    axes.set_xlabel("steps away from the reference", labelpad=15)


def _scale_draw(figure: Figure, axes: Axes) -> None:
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, 1), MAP),
        ax=axes,
        location="top",
        aspect=40,
        shrink=0.9,
        pad=0.015,
        ticks=[0, 0.5, 1],
    )
    bar.outline.set(edgecolor=GREY, linewidth=0.4)
    bar.ax.tick_params(length=2, pad=1.5)
    bar.set_label("rank accuracy", labelpad=2, fontsize=SMALL)


def _check(rows: Sequence[Row]) -> None:
    if not any(row.accuracies for row in rows):
        raise ValueError("There are no levels to draw; at least one is needed.")
    for row in rows:
        if 0 in row.accuracies:
            raise ValueError(f"{row.label!r} has a step 0, which is the reference itself.")
        for value in row.accuracies.values():
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f"{row.label!r} has an accuracy of {value}; allowed is 0 to 1.")
