"""A report's figures; needs matplotlib, so it is imported on workers alone."""

from collections.abc import Mapping
from typing import Any

from models_app.figures.drawing import Drawn
from models_app.figures.forest import Line, forest_draw
from models_app.figures.shares import Panel, Point, shares_draw

Numbers = Mapping[str, Any]
PANELS = {"accuracy": "accuracy", "lcc": "LCC", "srcc": "SRCC", "mae": "MAE"}
SETS = {"test": "", "zero_shot": "_zero_shot"}


def figures_draw(numbers: Numbers) -> dict[str, Drawn]:
    """Draw the figures that the numbers are there for, by name of the file."""
    found = {}
    note = " ".join(numbers["marks"])
    for name, suffix in SETS.items():
        column = numbers[name]
        if not column or not column["rows"]:
            continue
        on = f"{column['label_set']}, {column['n']} images. 95 % intervals: {column['interval']}."
        if panels := _panels(numbers, column):
            found[f"figure3{suffix}"] = shares_draw(
                panels, axis="share of the labels (%)", note=f"{on} {note}".strip()
            )
        if lines := _lines(numbers, column):
            baseline = numbers["labels"][numbers["config"]["baseline"]]
            found[f"differences{suffix}"] = forest_draw(
                lines,
                axis="difference of SRCC",
                reference=0.0,
                note=f"{on} Baseline: {baseline}. {note}".strip(),
            )
    epochs = _epochs(numbers)
    if epochs is not None:
        found["figure5"] = shares_draw([epochs], axis="share of the labels (%)", note=note)
    return found


def _panels(numbers: Numbers, column: Mapping[str, Any]) -> list[Panel]:
    config = numbers["config"]
    if len(config["shares"]) < 2:
        return []
    panels = []
    for metric, label in PANELS.items():
        curves: dict[str, list[Point]] = {}
        reference = None
        for row in column["rows"]:
            cell, number = row["cell"], row["metrics"][metric]
            if number["value"] is None:
                continue
            point = Point(cell["share"], number["value"], number["low"], number["high"])
            curves.setdefault(numbers["labels"][cell["initialisation"]], []).append(point)
            if cell["initialisation"] == config["baseline"] and cell["share"] == 1:
                reference = number["value"]
        if any(curves.values()):
            panels.append(Panel(label, curves, reference))
    return panels


def _epochs(numbers: Numbers) -> Panel | None:
    if len(numbers["config"]["shares"]) < 2 or not numbers["epochs"]:
        return None
    curves: dict[str, list[Point]] = {}
    for row in numbers["epochs"]:
        name = numbers["labels"][row["cell"]["initialisation"]]
        curves.setdefault(name, []).append(Point(row["cell"]["share"], row["mean"]))
    return Panel("epochs until early stopping", curves)


def _lines(numbers: Numbers, column: Mapping[str, Any]) -> list[Line]:
    found = []
    config = numbers["config"]
    for row in column["comparisons"]:
        number, cell, against = row["differences"]["srcc"], row["cell"], row["against"]
        if number["value"] is None or number["low"] is None:
            continue
        label = numbers["labels"][cell["initialisation"]]
        apart = cell["trainable"] != against["trainable"]
        group = "all layers − last block" if apart else cell["trainable"].replace("_", " ")
        if len(config["shares"]) > 1:
            group = f"{100 * cell['share']:.0f} % of the labels"
            label = f"{label}, {100 * cell['share']:.0f} %"
        elif len(config["trainable"]) > 1:
            label = f"{label}, {group}"
        # A percentile interval need not hold the value where resamples are skewed.
        low, high = min(number["low"], number["value"]), max(number["high"], number["value"])
        found.append(Line(label, number["value"], low, high, group))
    return found
