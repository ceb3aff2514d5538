"""Outputs that are looked at one by one: Fig. 4, and sample photos with their scores."""

from collections.abc import Iterator
from math import ceil, sqrt
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image

from models_app.training.config import TrainConfig
from models_app.training.measured import SAMPLES, Bytes, Kept, Measured
from models_app.training.pretext.chart import NO_CLASS, Chart, Target

SHOWN = ("brightness", "contrast")
"""Outputs in Fig. 4, over the levels of the first."""

QUALITY = 90


def figure4(measured: Measured, config: TrainConfig, chart: Chart | None) -> dict[str, Any] | None:
    """Return outputs of the regression of brightness and contrast over brightness levels.

    None where the task has no such outputs.
    """
    if chart is None or measured.squares is None or not measured.kept:
        return None
    columns = {entry.key: column for column, entry in enumerate(chart.regressed)}
    if SHOWN[0] not in columns:
        return None
    entry = chart.regressed[columns[SHOWN[0]]]
    targets = chart.targets(cast("Target", config.regression_target), references=True)
    own = targets.columns == columns[SHOWN[0]]
    wanted = dict(zip(targets.views[own], targets.values[own], strict=True))
    levels = [(level.key, level.value, level.step) for level in entry.levels]
    levels.append(("", 0.0 if entry.default is None else entry.default, 0))
    said = np.stack([kept.outputs["regression"] for _photo, kept in sorted(measured.kept.items())])
    rows = []
    for key, value, step in sorted(levels, key=lambda level: level[1]):
        place = chart.places[(entry.key, key) if key else (entry.reference, "")]
        row = {"level": key, "value": value, "step": step, "target": float(wanted[place])}
        for shown in SHOWN:
            row[shown] = said[:, place, columns[shown]].tolist() if shown in columns else []
        rows.append(row)
    return {"references_regressed": config.regress_references, "levels": rows}


def samples(measured: Measured, config: TrainConfig, chart: Chart | None) -> list[dict[str, Any]]:
    """Return the photos whose pictures are kept, with the score of every view."""
    found = []
    for number, ((key, name), kept) in enumerate(sorted(measured.kept.items())[:SAMPLES], 1):
        if kept.tiles is None:
            continue
        count, tile = kept.tiles.shape[:2]
        columns = columns_of(count)
        sheet = {
            "file": f"samples/{number}.jpg",
            "tile": tile,
            "columns": columns,
            "rows": ceil(count / columns),
        }
        scores = (
            list(score_rows(kept, chart))
            if chart is not None
            else [_row(place, config.entry.views, str(place), "", None) for place in range(count)]
        )
        found.append({"photo": name, "key": key, "sheet": sheet, "scores": scores})
    return found


def score_rows(kept: Kept, chart: Chart) -> Iterator[dict[str, Any]]:
    """Yield a photo's views with their scores.

    With one score a row a view. With one an aspect a level has its own aspect's, and a reference
    comes once for every aspect that is ranked against it.
    """
    scores = kept.outputs.get("ranking")
    three = scores is not None and scores.shape[1] > 1
    ranked = {(entry.reference, entry.aspect) for entry in chart.distortions}
    for place, (key, level) in enumerate(chart.variants):
        own = int(chart.variant_aspect[place])
        columns = [own]
        if own == NO_CLASS and three:
            columns = [c for c, aspect in enumerate(chart.aspects) if (key, aspect) in ranked]
        for column in columns:
            aspect = "" if column == NO_CLASS else chart.aspects[column]
            score = None if scores is None else float(scores[place, column if three else 0])
            yield _row(place, key, level, aspect, score)


def columns_of(count: int) -> int:
    """Return how many small pictures stand side by side on a sheet of so many."""
    return ceil(sqrt(count))


def sheet_write(tiles: Bytes, path: Path) -> None:
    """Write small pictures [V, tile, tile, 3] as one JPEG, row by row; the rest stays black."""
    count, tile = tiles.shape[:2]
    columns = columns_of(count)
    rows = ceil(count / columns)
    sheet = np.zeros((rows, columns, tile, tile, 3), dtype=np.uint8)
    sheet.reshape(-1, tile, tile, 3)[:count] = tiles
    joined = sheet.transpose(0, 2, 1, 3, 4).reshape(rows * tile, columns * tile, 3)
    Image.fromarray(joined).save(path, quality=QUALITY, subsampling=0)


def _row(place: int, key: str, level: str, aspect: str, score: float | None) -> dict[str, Any]:
    return {"place": place, "distortion": key, "level": level, "aspect": aspect, "score": score}
