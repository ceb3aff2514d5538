"""All numbers of a report, as plain values for JSON; pages, tables and figures only show them."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.paired_bootstrap import Bootstrap
from analysis.seeds import spread
from analysis.types import Undefined
from models_app.studies.config import StudyConfig
from models_app.studies.initialisations import INITIALISATIONS
from models_app.studies.paper import BASELINE, TABLE2, fewer_epochs
from models_app.studies.registry import kind_get
from models_app.studies.report.cells import FORMAT
from models_app.studies.report.comparing import Pair, family_compare, savings_find
from models_app.studies.report.gaps import families_plan, gaps_find, learnt_differently
from models_app.studies.report.inputs import Cell, Images, Inputs, cells_of
from models_app.studies.report.resampling import METRICS, Measured, images_measure

SEED = 1
CONFIDENCE = 0.95
AT_MOST, AT_LEAST, UNKNOWN = "≤", "≥", "?"
Found = dict[str, Any]


def numbers_make(config: StudyConfig, inputs: Inputs, *, marks: Sequence[str] = ()) -> Found:
    """Compute everything that the study's question asks for.

    Parameters
    ----------
    config, inputs
        What was asked, and what was found.
    marks
        Sentences that every table and figure shows.

    Raises
    ------
    Undefined
        Where no network was evaluated.
    """
    if inputs.test is None and inputs.zero_shot is None:
        raise Undefined("no network of this study was evaluated; there is nothing to report")
    bootstrap = Bootstrap(config.resamples, seed=SEED, confidence=CONFIDENCE)
    both = {"test": inputs.test, "zero_shot": inputs.zero_shot}
    return {
        "format": FORMAT,
        "kind": config.kind,
        "name": config.name,
        "config": config.to_json(),
        "marks": list(marks),
        "sections": list(kind_get(config.kind).sections),
        "labels": {key: INITIALISATIONS[key].label for key in config.initialisations},
        "problems": learnt_differently(inputs),
        **{
            name: None if images is None else _column(config, images, bootstrap)
            for name, images in both.items()
        },
        "epochs": _epochs(config, inputs),
        "paper": paper_rows(config.initialisations),
        "missing": [dict(each) for each in inputs.missing],
    }


def paper_rows(initialisations: Sequence[str]) -> list[Found]:
    """Return the printed rows of these initialisations, with the percentages computed."""
    baseline = TABLE2[BASELINE].epochs
    return [
        {
            "initialisation": key,
            "test": dict(TABLE2[key].labels),
            "zero_shot": dict(TABLE2[key].zero_shot),
            "daggers": list(TABLE2[key].daggers),
            "epochs": TABLE2[key].epochs,
            "fewer": fewer_epochs(TABLE2[key].epochs, baseline) if key != BASELINE else None,
        }
        for key in initialisations
        if key in TABLE2
    ]


def _column(config: StudyConfig, images: Images, bootstrap: Bootstrap) -> Found:
    try:
        measured = images_measure(images, bootstrap)
    except Undefined as error:
        return {**images.about, "undefined": str(error), "rows": [], "comparisons": [],
                "savings": [], "problems": []}  # fmt: skip
    cells = sorted(measured.cells, key=lambda cell: _order(config, cell))
    families = families_plan(config)
    problems = [*measured.problems, *gaps_find(config, measured, families)]
    comparisons, refused = _comparisons(config, measured, families, images.about)
    return {
        **images.about,
        "n": len(measured.names),
        "threshold": images.threshold,
        "rule": images.rule,
        "interval": measured.units.method,
        "units": measured.units.count,
        "resamples": bootstrap.resamples,
        "confidence": bootstrap.confidence,
        "yardsticks": dict(measured.yardsticks),
        "rows": [
            {
                "cell": cell.to_json(),
                "seeds": [arm.seed for arm in measured.cells[cell]],
                "metrics": {metric: measured.number(cell, metric) for metric in METRICS},
            }
            for cell in cells
        ],
        "comparisons": comparisons,
        "savings": _savings(config, measured),
        "problems": problems + refused,
    }


def _order(config: StudyConfig, cell: Cell) -> tuple[int, float, int, int]:
    return (
        config.trainable.index(cell.trainable),
        -cell.share,
        cell.initialisation != config.baseline,
        config.initialisations.index(cell.initialisation),
    )


def _comparisons(
    config: StudyConfig,
    measured: Measured,
    families: Sequence[Sequence[Pair]],
    about: Mapping[str, Any],
) -> tuple[list[Found], list[str]]:
    found: list[Found] = []
    refused = []
    unit = f"points of {about['scale'][0]:g} to {about['scale'][1]:g}"
    for planned in families:
        pairs = [pair for pair in planned if measured.cells.keys() >= set(pair)]
        if not pairs:
            continue
        try:
            found += family_compare(
                measured,
                pairs,
                planned=len(planned),
                alpha=config.alpha,
                rule=config.correction,
                unit=unit,
            )
        except (Undefined, ValueError) as error:
            refused.append(f"{pairs[0][1].initialisation}: {error}")
    return found, refused


def _savings(config: StudyConfig, measured: Measured) -> list[Found]:
    if len(config.shares) < 2:
        return []
    found = []
    for trainable in config.trainable:
        baseline = Cell(config.baseline, trainable, 1.0)
        for key in config.initialisations:
            curve = [Cell(key, trainable, share) for share in sorted(config.shares)]
            if key == config.baseline or baseline not in measured.cells:
                continue
            if all(cell in measured.cells for cell in curve):
                found += savings_find(measured, curve, baseline)
    return found


def _epochs(config: StudyConfig, inputs: Inputs) -> list[Found]:
    """Return how long each cell learnt, and how much shorter than the baseline."""
    cells = cells_of(inputs.epochs)
    means = {
        cell: spread([inputs.epochs[arm] for arm in arms], name="epochs")
        for cell, arms in cells.items()
    }

    def capped(cell: Cell) -> int:
        return sum(arm in inputs.capped for arm in cells[cell])

    rows = []
    for cell in sorted(cells, key=lambda cell: _order(config, cell)):
        baseline = means.get(Cell(config.baseline, cell.trainable, cell.share))
        is_baseline = cell.initialisation == config.baseline
        fewer, bound = None, ""
        if baseline and not is_baseline:
            fewer = fewer_epochs(means[cell].mean, baseline.mean)
            bound = _bound(capped(cell), capped(Cell(config.baseline, cell.trainable, cell.share)))
        rows.append(
            {
                "cell": cell.to_json(),
                "by_seed": {str(arm.seed): inputs.epochs[arm] for arm in cells[cell]},
                "best_by_seed": {str(arm.seed): inputs.best.get(arm) for arm in cells[cell]},
                "capped": capped(cell),
                "mean": means[cell].mean,
                "sd": means[cell].sd,
                # Where both ran out of epochs, nobody knows.
                "fewer": None if bound == UNKNOWN else fewer,
                "fewer_bound": bound,
            }
        )
    return rows


def _bound(ours: int, baseline: int) -> str:
    """Return what is known of a share of epochs saved, where some ran out of epochs.

    Who ran out needed more: of a row, so it saved less; of the baseline, so the row saved more.
    """
    if ours and baseline:
        return UNKNOWN
    return AT_MOST if ours else AT_LEAST if baseline else ""
