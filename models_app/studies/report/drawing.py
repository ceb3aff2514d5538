"""A report's figures; needs matplotlib, so it is imported on workers alone."""

from collections.abc import Mapping
from typing import Any

from models_app.figures.drawing import Drawn
from models_app.figures.forest import Line, forest_draw
from models_app.figures.shares import Panel, Point, shares_draw

Numbers = Mapping[str, Any]
PANELS = {"accuracy": "accuracy", "lcc": "LCC", "srcc": "SRCC", "mae": "MAE"}
SETS = {"test": "", "zero_shot": "_zero_shot"}
HOLLOW = "Hollow: ran out of epochs before it stopped by itself, so it needed at least so many."


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
                panels,
                axis="share of the labels (%)",
                note=_joined(on, _undefined_said(panels), note),
            )
        lines, dropped = _lines(numbers, column)
        if lines:
            said = f"Not drawn, since SRCC is not defined: {'; '.join(dropped)}." if dropped else ""
            found[f"differences{suffix}"] = forest_draw(
                lines,
                axis="difference of SRCC",
                reference=0.0,
                note=_joined(on, _baseline_said(numbers), said, note),
            )
    epochs = _epochs(numbers)
    if epochs is not None:
        bounds = any(each.is_bound for points in epochs.curves.values() for each in points)
        said = HOLLOW if bounds else ""
        found["figure5"] = shares_draw(
            [epochs], axis="share of the labels (%)", note=_joined(said, note)
        )
    return found


def _joined(*said: str) -> str:
    return " ".join(filter(None, said))


def _baseline_said(numbers: Numbers) -> str:
    config = numbers["config"]
    alike = ", with the same share of the labels" if len(config["shares"]) > 1 else ""
    return f"Baseline: {numbers['labels'][config['baseline']]}{alike}."


def _undefined_said(panels: list[Panel]) -> str:
    """Name the points at which lines break."""
    gaps: dict[str, list[str]] = {}
    for panel in panels:
        for name, points in panel.curves.items():
            for point in points:
                if point.value is None:
                    place = f"{name}, {100 * point.share:.0f} %"
                    gaps.setdefault(place, []).append(panel.label)
    if not gaps:
        return ""
    said = "; ".join(f"{place} ({', '.join(labels)})" for place, labels in gaps.items())
    return f"Lines break where a value is not defined or missing: {said}."


def _panels(numbers: Numbers, column: Mapping[str, Any]) -> list[Panel]:
    config = numbers["config"]
    if len(config["shares"]) < 2:
        return []
    panels = []
    for metric, label in PANELS.items():
        points = {}
        reference = None
        for row in column["rows"]:
            cell, number = row["cell"], row["metrics"][metric]
            points[cell["initialisation"], cell["share"]] = Point(
                cell["share"], number["value"], number["low"], number["high"]
            )
            if cell["initialisation"] == config["baseline"] and cell["share"] == 1:
                reference = number["value"]
        if any(point.value is not None for point in points.values()):
            panels.append(Panel(label, _curves(numbers, points), reference))
    return panels


def _curves(numbers: Numbers, points: Mapping[tuple[str, float], Point]) -> dict[str, list[Point]]:
    """Return points by curve; a share at which there is none breaks its line."""
    config = numbers["config"]
    return {
        numbers["labels"][key]: [
            points.get((key, share), Point(share, None)) for share in config["shares"]
        ]
        for key in config["initialisations"]
        if any((key, share) in points for share in config["shares"])
    }


def _epochs(numbers: Numbers) -> Panel | None:
    if len(numbers["config"]["shares"]) < 2 or not numbers["epochs"]:
        return None
    points = {
        (row["cell"]["initialisation"], row["cell"]["share"]): Point(
            row["cell"]["share"], row["mean"], is_bound=bool(row["capped"])
        )
        for row in numbers["epochs"]
    }
    return Panel("epochs until early stopping", _curves(numbers, points))


def _lines(numbers: Numbers, column: Mapping[str, Any]) -> tuple[list[Line], list[str]]:
    """Return a row a comparison, and the names of those that are not defined."""
    found, dropped = [], []
    config = numbers["config"]
    for row in column["comparisons"]:
        number, cell, against = row["differences"]["srcc"], row["cell"], row["against"]
        label = numbers["labels"][cell["initialisation"]]
        apart = cell["trainable"] != against["trainable"]
        group = "all layers − last block" if apart else cell["trainable"].replace("_", " ")
        if len(config["shares"]) > 1:
            group = f"{100 * cell['share']:.0f} % of the labels"
            label = f"{label}, {100 * cell['share']:.0f} %"
        elif len(config["trainable"]) > 1:
            label = f"{label}, {group}"
        if number["value"] is None or number["low"] is None:
            dropped.append(label)
            continue
        # A percentile interval need not hold the value where resamples are skewed.
        low, high = min(number["low"], number["value"]), max(number["high"], number["value"])
        found.append(Line(label, number["value"], low, high, group))
    return found, dropped
