"""A report's numbers in the words of pages: the dashboard's and the exported one."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from models_app.studies.paper import ON
from models_app.studies.report.cells import rows_of
from models_app.studies.report.tables import COLUMNS, figure_text, spread_said
from models_app.templatetags.figures import MINUS

Numbers = Mapping[str, Any]
Shown = dict[str, Any]


def report_shown(numbers: Numbers) -> Shown:
    """Return what templates print of a report."""
    rows = rows_of(numbers)
    config = numbers["config"]
    several = len(config["shares"]) > 1
    return {
        "columns": [_column(name, numbers[name]) for name in COLUMNS if numbers[name]],
        "rows": [_row(row, numbers) for row in rows],
        "has_undefined": any(
            number["value"] is None
            for row in rows
            for name in COLUMNS
            for number in row[name].values()
        ),
        "has_capped": any(row["epochs"] and row["epochs"]["capped"] for row in rows),
        "has_paper": any(row["paper"] for row in rows),
        "has_seeds": len(config["seeds"]) > 1,
        "spread": _(spread_said(config)) if spread_said(config) else "",
        "paper_on": _(ON),
        "comparisons": [_test(name, test, numbers) for name, test in _tests(numbers)],
        "savings": _savings(numbers) if several else [],
        "missing": numbers["missing"],
        "problems": _problems(numbers),
        "alpha": f"{100 * config['alpha']:g}",
        "rule": {"bonferroni": "Bonferroni", "holm": "Holm"}[config["correction"]],
        "baseline": _(numbers["labels"][config["baseline"]]),
        # A row is held against the baseline of its own share.
        "baseline_word": _("baseline at this share") if several else _("baseline"),
        "has_shares": several,
        "has_copies": any(test.get("tested") == "references" for _name, test in _tests(numbers)),
        "resamples": config["resamples"],
    }


def _problems(numbers: Numbers) -> list[str]:
    """Return what is wrong with the study, then with a column; each says of which images."""
    # Reports of earlier versions had none of the study.
    found = list(numbers.get("problems", ()))
    for name in COLUMNS:
        column = numbers[name] or {}
        where = _("Test images") if name == "test" else _("Zero-shot")
        said = [*column.get("problems", ()), *filter(None, [column.get("undefined")])]
        found += [f"{where}: {each}" for each in said]
    return found


def heads() -> dict[str, str]:
    return {
        "lcc": _("LCC"),
        "srcc": _("SRCC"),
        "accuracy": _("Accuracy"),
        "mae": _("MAE"),
        "mae_linear": _("MAE after a linear map"),
    }


def _column(name: str, found: Numbers) -> Shown:
    """What is said of the images of a column, above it and below the table."""
    yardsticks = found.get("yardsticks", {})
    return {
        "name": name,
        "title": _("Test images") if name == "test" else _("Zero-shot"),
        "label_set": found["label_set"],
        "is_generated": found["is_generated"],
        "split": found["split"],
        "split_sha256": found["split_sha256"],
        "n": found.get("n"),
        "units": found.get("units"),
        "interval": found.get("interval", ""),
        "mapped": found["mapped"],
        "scale": "{:g}–{:g}".format(*found["scale"]),
        "heads": [heads()[metric] for metric in COLUMNS[name]],
        "span": len(COLUMNS[name]),
        "majority": written(yardsticks.get("majority")) if name == "test" else "",
        "mae_constant": written(yardsticks.get("mae_constant")),
    }


def _row(row: Numbers, numbers: Numbers) -> Shown:
    cells = []
    for name in COLUMNS:
        if not numbers[name]:
            continue
        for metric in COLUMNS[name]:
            number = row[name].get(metric) or {}
            printed = (row["paper"] or {}).get(name, {}).get(metric)
            place = 0 if name == "test" else 1
            cells.append(
                {
                    "label": f"{heads()[metric]}, {_column(name, numbers[name])['title']}",
                    "value": written(number.get("value")),
                    "ends": _ends(number),
                    "sd": written(number["sd"]) if number.get("sd") is not None else "",
                    "mark": row["marks"].get(name, "") if metric == "mae" else "",
                    "paper": written(printed) if printed is not None else "",
                    "paper_mark": metric == "mae"
                    and bool(row["paper"] and row["paper"]["daggers"][place]),
                    "is_first": metric == COLUMNS[name][0],
                }
            )
    epochs = row["epochs"]
    return {
        "label": _tight(row["label"]),
        "is_baseline": row["is_baseline"],
        "is_random": row["cell"]["initialisation"] == "random",
        "cells": cells,
        "seeds": len(row["seeds"]),
        "epochs": ("≥ " if epochs and epochs["capped"] else "")
        + written(epochs["mean"] if epochs else None, "epochs"),
        "epochs_sd": written(epochs["sd"], "epochs") if epochs and epochs["sd"] else "",
        "fewer": _fewer(epochs) if epochs else "",
        "paper_epochs": row["paper"]["epochs"] if row["paper"] else "",
        "paper_fewer": percent(row["paper"]["fewer"]) if row["paper"] else "",
    }


def _fewer(epochs: Numbers) -> str:
    """Write the share of epochs saved; where somebody ran out of epochs it is a bound."""
    bound = epochs.get("fewer_bound", "")
    if epochs["fewer"] is None:
        return ""
    return f"{bound} {percent(epochs['fewer'])}".strip()


def _tests(numbers: Numbers) -> list[tuple[str, Numbers]]:
    return [
        (name, test) for name in COLUMNS for test in (numbers[name] or {}).get("comparisons", ())
    ]


def _test(name: str, test: Numbers, numbers: Numbers) -> Shown:
    effects = test["effects"]
    differences = test["differences"]
    return {
        "images": _("test images") if name == "test" else _("zero-shot"),
        "label": cell_words(test["cell"], numbers),
        "against": cell_words(test["against"], numbers),
        "p": p_text(test["p"]),
        "bonferroni": p_text(test["bonferroni"]),
        "holm": p_text(test["holm"]),
        "mark": test["mark"],
        "family": test["family"],
        "n": test["n"],
        # Reports of earlier versions tested images alone.
        "of_references": test.get("tested") == "references",
        "method": test["method"],
        "unit": effects["unit"],
        "rank_biserial": signed(effects["rank_biserial"]),
        "d_z": signed(effects["d_z"]),
        "seeds": test["seeds"],
        "seeds_gain": signed(test["seeds"]["gain"]) if test["seeds"] else "",
        "seeds_sd": written(test["seeds"]["sd"]) if test["seeds"] else "",
        "differences": [
            {
                "head": heads()[metric],
                "value": signed(differences[metric]["value"]),
                "ends": _ends(differences[metric], sign=True),
            }
            for metric in ("srcc", "lcc", "accuracy", "mae")
        ],
    }


def _savings(numbers: Numbers) -> list[Shown]:
    found = []
    for name in COLUMNS:
        for row in (numbers[name] or {}).get("savings", ()):
            about = {
                "images": _("test images") if name == "test" else _("zero-shot"),
                "label": _(numbers["labels"][row["initialisation"]]),
                "metric": heads()[row["metric"]],
            }
            if "undefined" in row:
                found.append({**about, "undefined": row["undefined"]})
                continue
            found.append(
                {
                    **about,
                    "reached": _tight(row["reached"]["text"]),
                    "low": _tight(row["low"]["text"]),
                    "high": _tight(row["high"]["text"]),
                    "saving": percent(row["saving"]),
                    "never": percent(row["never"]),
                }
            )
    return found


def _tight(text: str) -> str:
    """Write percentages as pages do; files for print have a gap before the sign."""
    return text.replace(" %", "%")


def cell_words(cell: Numbers, numbers: Numbers) -> str:
    """Name a row where it stands alone."""
    config = numbers["config"]
    said = _(numbers["labels"][cell["initialisation"]])
    if len(config["trainable"]) > 1:
        layers = {"all": _("all layers"), "last_block": _("last block")}[cell["trainable"]]
        said = f"{said}, {layers}"
    if len(config["shares"]) > 1:
        said = f"{said}, {100 * cell['share']:.0f}%"
    return str(said)


def figure_title(name: str) -> str:
    """Name a figure's file for people."""
    kind, _under, on = name.partition("_")
    title = {
        "figure3": _("Agreement over the share of labels (the paper's Fig. 3)"),
        "figure5": _("Epochs until early stopping over the share of labels (the paper's Fig. 5)"),
        "differences": _("SRCC against the baseline"),
    }.get(kind, name)
    return _("%(title)s, zero-shot") % {"title": title} if on else title


def percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}%"


def p_text(p: float) -> str:
    """Four digits; below that an order of magnitude."""
    if p == 0:
        return "< 1e-300"
    return f"{p:.4f}" if p >= 1e-4 else f"{p:.1e}"


def written(value: float | None, metric: str = "") -> str:
    """Write a number as pages do; files for print leave the zero before the point out."""
    if value is None or metric == "epochs":
        return figure_text(value, metric)
    return f"{value:.4f}".replace("-", MINUS)


def signed(value: float | None) -> str:
    """Write a difference with its sign."""
    return "–" if value is None else f"{value:+.4f}".replace("-", MINUS)


def _ends(number: Numbers, *, sign: bool = False) -> str:
    if number.get("low") is None:
        return ""
    write = signed if sign else written
    return _("%(low)s to %(high)s") % {"low": write(number["low"]), "high": write(number["high"])}
