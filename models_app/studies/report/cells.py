"""Rows of a report's numbers, put side by side."""

from collections.abc import Mapping
from typing import Any

Key = tuple[str, str, float]

FORMAT = 1
"""Of numbers.json; another one cannot be read."""


def cell_key(cell: Mapping[str, Any]) -> Key:
    """Return what names a row: initialisation, layers that learn, share of labels."""
    return cell["initialisation"], cell["trainable"], cell["share"]


def rows_of(numbers: Mapping[str, Any], *, share: float | None = None) -> list[dict[str, Any]]:
    """Return a row a cell: metrics of both columns, marks, epochs, the paper's row.

    Parameters
    ----------
    numbers
        As `numbers.numbers_make` gives them.
    share
        Only cells of this share of labels.
    """
    found: dict[Key, dict[str, Any]] = {}
    for name in ("test", "zero_shot"):
        for row in (numbers[name] or {}).get("rows", ()):
            made = found.setdefault(cell_key(row["cell"]), _row_new(numbers, row))
            made[name] = row["metrics"]
        for test in (numbers[name] or {}).get("comparisons", ()):
            if test["against"]["trainable"] == test["cell"]["trainable"]:
                found[cell_key(test["cell"])]["marks"][name] = test["mark"]
                found[cell_key(test["cell"])]["tests"][name] = test
    for epochs in numbers["epochs"]:
        if cell_key(epochs["cell"]) in found:
            found[cell_key(epochs["cell"])]["epochs"] = epochs
    return [row for row in found.values() if share is None or row["cell"]["share"] == share]


def _row_new(numbers: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    cell, config = row["cell"], numbers["config"]
    label = numbers["labels"][cell["initialisation"]]
    if len(config["trainable"]) > 1:
        label += {"all": ", all layers", "last_block": ", last block"}[cell["trainable"]]
    if len(config["shares"]) > 1:
        label += f", {100 * cell['share']:.0f} % of the labels"
    printed = {each["initialisation"]: each for each in numbers["paper"]}
    whole = cell["share"] == 1.0
    return {
        "cell": cell,
        "label": label,
        "seeds": row["seeds"],
        "test": {},
        "zero_shot": {},
        "marks": {},
        "tests": {},
        "epochs": None,
        "paper": printed.get(cell["initialisation"]) if whole else None,
        "is_baseline": cell["initialisation"] == config["baseline"],
    }
