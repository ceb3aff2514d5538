"""Distributions of outputs over the levels of a distortion: Fig. 4 of Pfister et al. 2021."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from models_app.figures.drawing import (
    COLOURS,
    GREY,
    Drawn,
    figure_finish,
    figure_new,
    note_write,
    rule_draw,
    styled,
)

CROWDED = 45
"""Letters of all levels from which on they stand upright."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One output.

    Attributes
    ----------
    label
        Of the vertical axis.
    outputs
        One sequence a level, a number a photo; finite.
    targets
        What the output was trained towards, one a level; empty where it was not.
    """

    label: str
    outputs: Sequence[Sequence[float]]
    targets: Sequence[float] = ()


def violins_draw(
    panels: Sequence[Panel], *, levels: Sequence[str], axis: str, note: str = ""
) -> Drawn:
    """Draw one panel above the other over the same levels, on the same scale.

    Parameters
    ----------
    panels
        One or more.
    levels
        Labels of the levels, from left to right.
    axis
        Label of the horizontal axis.
    note
        Line below the figure.

    Raises
    ------
    ValueError
        Without panels or levels, or where a panel has other than one sequence of numbers a level.
    """
    if not panels or not levels:
        raise ValueError("There are no outputs to draw; at least one panel and level are needed.")
    for panel in panels:
        _check(panel, len(levels))
    with styled():
        figure = figure_new(0.5 + 1.45 * len(panels))
        grid = figure.subplots(len(panels), 1, sharex=True, sharey=True, squeeze=False)
        for place, (axes, panel) in enumerate(zip(grid[:, 0], panels, strict=True)):
            _panel_draw(axes, panel, COLOURS[place % len(COLOURS)])
        bottom = grid[-1, 0]
        crowded = sum(len(level) + 1 for level in levels) >= CROWDED
        bottom.set_xticks(range(len(levels)), labels=list(levels), rotation=90 if crowded else 0)
        bottom.set_xlabel(axis)
        if any(panel.targets for panel in panels):
            figure.legend(loc="outside upper right", ncols=2, borderaxespad=0.2)
        note_write(figure, note)
        return figure_finish(figure)


def _panel_draw(axes: Axes, panel: Panel, colour: str) -> None:
    places = np.arange(len(panel.outputs))
    rule_draw(axes, y=0)
    parts = axes.violinplot(
        [np.asarray(each) for each in panel.outputs], places, widths=0.85, showextrema=False
    )
    for body in cast("Sequence[PolyCollection]", parts["bodies"]):
        body.set(facecolor=colour, edgecolor=colour, alpha=0.45, linewidth=0.6)
    quartiles = np.array([np.quantile(each, [0.25, 0.5, 0.75]) for each in panel.outputs])
    axes.vlines(places, quartiles[:, 0], quartiles[:, 2], color=colour, linewidth=1.6)
    first = bool(panel.targets)
    axes.plot(
        places,
        quartiles[:, 1],
        "o",
        markersize=3.2,
        markerfacecolor="white",
        markeredgecolor=colour,
        markeredgewidth=0.9,
        label="median and quartiles" if first else None,
    )
    if panel.targets:
        axes.plot(
            places, panel.targets, "_", color="black", markersize=9, markeredgewidth=0.9,
            label="target",
        )  # fmt: skip
    axes.set_ylabel(panel.label)
    axes.tick_params(axis="x", colors=GREY, labelcolor="black")


def _check(panel: Panel, levels: int) -> None:
    if len(panel.outputs) != levels or len(panel.targets) not in (0, levels):
        raise ValueError(
            f"{panel.label!r} has outputs for {len(panel.outputs)} and targets for "
            f"{len(panel.targets)} levels; there are {levels} levels."
        )
    for each in panel.outputs:
        if len(each) == 0 or not np.isfinite(each).all():
            raise ValueError(f"{panel.label!r} needs at least one finite output a level.")
