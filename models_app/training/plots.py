"""The figures of an evaluation; the only module here that needs matplotlib."""

from collections.abc import Mapping
from typing import Any

from models_app.distortions.registry import preset_get
from models_app.figures.drawing import Drawn
from models_app.figures.forest import Line, forest_draw
from models_app.figures.heat_map import Row, heat_map_draw
from models_app.figures.violins import Panel, violins_draw
from models_app.training.showing import SHOWN

Results = Mapping[str, Any]


def figures_draw(results: Results) -> dict[str, Drawn]:
    """Draw the figures that the results have numbers for, by name of the file."""
    note = note_of(results)
    found = {}
    if results["figure4"]:
        found["figure4"] = _violins(results["figure4"], note)
    ranked = results["rank_accuracy"]
    if ranked:
        labels = {
            key: entry.label for key, entry in preset_get(results["preset"]).distortions.items()
        }
        rows: dict[str, Row] = {}
        for level in ranked["levels"]:
            row = Row(labels[level["key"]], level["aspect"].capitalize(), {})
            accuracies = dict(rows.get(level["key"], row).accuracies)
            accuracies[level["step"]] = level["accuracy"] and level["accuracy"]["value"]
            rows[level["key"]] = Row(row.label, row.group, accuracies)
        found["heat_map"] = heat_map_draw(list(rows.values()), note=note)
        if lines := _lines(ranked, labels):
            axis = "rank accuracy (95 % interval)"
            found["rank_accuracy"] = forest_draw(lines, axis=axis, reference=0.5, note=note)
    return found


def note_of(results: Results) -> str:
    """Return what stands below every figure."""
    origin, photos = results["initial_weights"]["origin"], results["photos"]
    chosen = " The epoch was chosen on these photos." if results["epoch_chosen_on_these"] else ""
    return f"Initial weights: {origin}. {photos} {results['split']} photos.{chosen}"


def _violins(figure: Mapping[str, Any], note: str) -> Drawn:
    levels = figure["levels"]
    panels = [
        Panel(
            f"{shown} output",
            [level[shown] for level in levels],
            [level["target"] for level in levels] if shown == SHOWN[0] else (),
        )
        for shown in SHOWN
        if levels[0][shown]
    ]
    names = [level["level"].replace("-", "−") or "ref." for level in levels]
    return violins_draw(panels, levels=names, axis=f"{SHOWN[0]} level", note=note)


def _lines(ranked: Mapping[str, Any], labels: Mapping[str, str]) -> list[Line]:
    """Return each aspect, and its distortions below it; only those that have an interval."""
    found = []
    for aspect in ranked["aspects"]:
        name = aspect["key"]
        own = [row for row in ranked["distortions"] if row["aspect"] == name]
        for row in (aspect, *own):
            summary = row is aspect
            estimate = row["accuracy"]
            if estimate is not None and estimate["low"] is not None:
                found.append(
                    Line(
                        name.capitalize() if summary else labels[row["key"]],
                        estimate["value"],
                        estimate["low"],
                        estimate["high"],
                        name,
                        summary,
                    )
                )
    return found
