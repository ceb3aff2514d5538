"""Results as CSV files; numbers read back exactly, every row says what the weights began as."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from models_app.training.measured import Measured
from models_app.training.pretext.chart import Chart
from models_app.training.showing import SHOWN, score_rows

Results = Mapping[str, Any]
Rows = Iterator[dict[str, Any]]

# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tables_write(
    results: Results, folder: Path, *, measured: Measured, chart: Chart | None
) -> list[str]:
    """Write the tables that the results have something for; return the names of the files."""
    tables: dict[str, Rows] = {
        "losses.csv": _losses(results),
        "rank_accuracy.csv": _ranks(results, ("all", "aspects", "distortions", "chains")),
        "levels.csv": _ranks(results, ("levels",)),
        "classification.csv": _classes(results),
        "regression.csv": _errors(results),
        "figure4.csv": _figure4(results, measured),
        "scores.csv": _scores(measured, chart),
    }
    same = {
        "initial_weights": results["initial_weights"]["origin"],
        "split": results["split"],
        "photos": results["photos"],
        "epoch_chosen_on_these": results["epoch_chosen_on_these"],
    }
    written = []
    for name, rows in tables.items():
        filled = [row | same for row in rows]
        if filled:
            _write(folder / name, filled)
            written.append(name)
    return written


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _interval(estimate: Mapping[str, Any] | None) -> dict[str, Any]:
    names = ("value", "low", "high", "confidence", "method")
    return {name: "" if estimate is None else estimate[name] for name in names}


def _losses(results: Results) -> Rows:
    for term, loss in results["losses"].items():
        yield {"loss": term, "value": loss}


_KINDS = {"aspects": "aspect", "distortions": "distortion", "chains": "chain", "levels": "level"}


def _ranks(results: Results, parts: tuple[str, ...]) -> Rows:
    ranked = results["rank_accuracy"]
    for part in parts if ranked else ():
        for row in [ranked["all"]] if part == "all" else ranked[part]:
            plain = {k: v for k, v in row.items() if k not in ("accuracy", "undefined")}
            yield {
                "kind": _KINDS.get(part, "all"),
                **plain,
                **_interval(row["accuracy"]),
                "undefined": row["undefined"],
            }


def _classes(results: Results) -> Rows:
    classified = results["classification_accuracy"]
    for part in ("aspects", "distortions") if classified else ():
        for row in classified[part]:
            plain = {name: row[name] for name in ("key", "aspect", "pictures", "classes", "guess")}
            yield {
                "kind": _KINDS[part],
                **plain,
                **_interval(row["accuracy"]),
                "undefined": row["undefined"],
            }


def _errors(results: Results) -> Rows:
    regressed = results["regression_error"]
    for row in [regressed["all"], *regressed["distortions"]] if regressed else ():
        plain = {name: row[name] for name in ("key", "aspect", "pictures", "zero")}
        yield {**plain, **_interval(row["error"]), "undefined": row["undefined"]}


def _figure4(results: Results, measured: Measured) -> Rows:
    figure = results["figure4"]
    for level in figure["levels"] if figure else ():
        for place, (key, name) in enumerate(sorted(measured.kept)):
            yield {
                "level": level["level"] or "reference",
                "value": level["value"],
                "target": level["target"],
                "photo": name,
                "key": key,
                **{shown: level[shown][place] if level[shown] else "" for shown in SHOWN},
            }


def _scores(measured: Measured, chart: Chart | None) -> Rows:
    if chart is None or measured.outcomes is None:
        return
    for (key, name), kept in sorted(measured.kept.items()):
        for row in score_rows(kept, chart):
            yield {"photo": name, "key": key, **{k: v for k, v in row.items() if k != "place"}}
