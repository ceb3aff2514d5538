"""What came out of a fine-tuning: numbers, tables, and a figure of how it went."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_app.networks.preprocessing import Preprocessing
from models_app.networks.scoring import VALUES
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.data import Parts
from models_app.training.finetuning.networks import architecture_key
from models_app.training.finetuning.position import Position
from models_app.training.origins import Origin
from models_app.training.versions import versions

FORMAT = 1
FILE = "results.json"

Floats = NDArray[np.float64]

# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def results_make(
    config: FinetuneConfig,
    parts: Parts,
    position: Position,
    *,
    origin: Origin,
    preprocessing: Preprocessing,
    measured: Mapping[str, float],
    constant: Mapping[str, float],
    device: str,
) -> dict[str, Any]:
    """Return the results as `results.json` has them.

    Parameters
    ----------
    measured, constant
        What the best weights, and a guess that knows no photo, are worth on the validation
        photos: see `measuring.measures`.
    """
    return {
        "format": FORMAT,
        "kind": "finetuning",
        "epochs": position.epoch,
        "best_epoch": position.best_epoch,
        "unfrozen_after": position.unfrozen_after,
        "stopped_early": position.stopped_early,
        "steps": position.step,
        "skipped_steps": position.skipped,
        "photos": {
            "train": len(parts.train),
            "available": parts.available,
            "validation": len(parts.validation),
            "unreadable": position.unreadable,
        },
        "share": config.share,
        "parts": parts.digest,
        "initial_weights": {**origin.to_json(), "origin": origin.text},
        "architecture": architecture_key(config),
        "preprocessing": preprocessing.to_json(),
        # Chosen by these photos, so they flatter: judge it on the test part.
        "validation": dict(measured),
        "constant": dict(constant),
        "seconds": position.seconds,
        "images_per_s": position.images / position.seconds if position.seconds else None,
        "device": device,
        "versions": versions(),
        "config": config.to_json_shared(),
        "curves": position.curves,
    }


def results_write(
    results: Mapping[str, Any],
    folder: Path,
    *,
    names: Sequence[str],
    predicted: Floats,
    truth: Floats,
    log: Callable[[str], None] = lambda _text: None,
) -> list[str]:
    """Write tables, figure and, last of all, `results.json`; return the names of the files.

    Without matplotlib there is no figure, and the log says so.

    Parameters
    ----------
    names, predicted, truth
        Of the validation photos; distributions [N, 10].
    """
    folder.mkdir(parents=True, exist_ok=True)
    _table_write(folder / "curves.csv", map(_curve_row, results["curves"]))
    predictions_write(folder / "validation.csv", zip(names, predicted, truth, strict=True))
    written = ["curves.csv", "validation.csv", *_figure_write(results, folder, log)]
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")
    return [*written, FILE]


def predictions_write(path: Path, rows: Iterable[tuple[str, Floats, Floats | None]]) -> None:
    """Write a CSV file of names, means and shares; of the labels the mean where there are any."""
    _table_write(path, (_prediction_row(*row) for row in rows))


def _prediction_row(name: str, predicted: Floats, truth: Floats | None) -> dict[str, Any]:
    judged = {} if truth is None else {"truth": float(truth @ VALUES)}
    shares = {f"p{place}": float(share) for place, share in enumerate(predicted, 1)}
    shown = f"'{name}" if name.startswith(_FORMULA) else name
    return {"name": shown, **judged, "prediction": float(predicted @ VALUES), **shares}


def _curve_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "epoch": row["epoch"],
        "step": row["step"],
        "frozen": row["frozen"],
        **{f"learning_rate_{name}": rate for name, rate in row["learning_rates"].items()},
        "train_loss": row["train_loss"],
        **{f"validation_{name}": row["validation"].get(name) for name in _MEASURES},
    }


_MEASURES = ("total", "emd", "mae", "lcc", "srcc")


def _table_write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(file, list(row), lineterminator="\r\n")
                writer.writeheader()
            writer.writerow(row)


def _figure_write(
    results: Mapping[str, Any], folder: Path, log: Callable[[str], None]
) -> list[str]:
    if find_spec("matplotlib") is None:
        log("The figure is not drawn, since matplotlib is not installed here; the tables have all.")
        return []
    from models_app.figures.curves import curves_draw

    curves = results["curves"]
    drawn = curves_draw(
        {
            "training": [(r["epoch"], _drawn(r["train_loss"])) for r in curves],
            "validation": [(r["epoch"], _drawn(r["validation"]["total"])) for r in curves],
        },
        axis="epoch",
        label="earth mover's distance",
        reference=results["constant"]["total"],
        note=_note(results),
    )
    written = []
    for suffix, data in (("svg", drawn.svg), ("png", drawn.png)):
        (folder / f"curves.{suffix}").write_bytes(data)
        written.append(f"curves.{suffix}")
    return written


def _drawn(height: float | None) -> float:
    """Return what leaves a gap where an epoch has no finite number."""
    return nan if height is None else height


def _note(results: Mapping[str, Any]) -> str:
    free = results["unfrozen_after"]
    phases = f"all layers from epoch {free + 1}; " if free is not None else ""
    return (
        f"Best epoch {results['best_epoch']}; {phases}dashed: a guess that knows no photo; "
        f"initial weights: {results['initial_weights']['origin']}"
    )
