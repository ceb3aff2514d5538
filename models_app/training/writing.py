"""Results as files: JSON, tables, figures and sample pictures."""

import json
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from models_app.training.measured import Measured
from models_app.training.pretext.chart import Chart
from models_app.training.showing import sheet_write
from models_app.training.tables import tables_write

Results = Mapping[str, Any]

RESULTS = "results.json"


def results_write(
    results: Results,
    folder: Path,
    *,
    measured: Measured,
    chart: Chart | None,
    log: Callable[[str], None] = lambda _text: None,
) -> list[str]:
    """Write all files of an evaluation; `results.json` comes last, and then all others are there.

    Without matplotlib there are no figures, and the log says so.

    Returns
    -------
    list of str
        Their names, relative to the folder, which is made.
    """
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    names = tables_write(results, folder, measured=measured, chart=chart)
    names += _figures_write(results, folder, log)
    kept = {photo: each for photo, each in measured.kept.items() if each.tiles is not None}
    for sample, (_photo, each) in zip(results["samples"], sorted(kept.items()), strict=True):
        if each.tiles is not None:
            sheet_write(each.tiles, folder / sample["sheet"]["file"])
            names.append(sample["sheet"]["file"])
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / RESULTS).write_text(text + "\n", encoding="utf-8")
    return [*names, RESULTS]


def _figures_write(results: Results, folder: Path, log: Callable[[str], None]) -> list[str]:
    if find_spec("matplotlib") is None:
        log("Figures are not drawn, since matplotlib is not installed here; the tables have all.")
        return []
    from models_app.training.plots import figures_draw

    names = []
    for name, drawn in figures_draw(results).items():
        for suffix, data in (("svg", drawn.svg), ("png", drawn.png)):
            (folder / f"{name}.{suffix}").write_bytes(data)
            names.append(f"{name}.{suffix}")
    return names
