"""An evaluation as results: numbers with intervals over photos, and as scalars for curves.

No torch, no Django. The shape of the results is that of `results.json`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from analysis.rank_accuracy import classification_accuracy, mean_squared_error, rank_accuracy
from analysis.types import Estimate, Undefined
from models_app.training.config import TrainConfig
from models_app.training.groups import (
    Group,
    pair_groups,
    picture_groups,
    sums,
    target_groups,
)
from models_app.training.measured import Measured
from models_app.training.pretext.chart import Chart, Target, Targets
from models_app.training.showing import figure4, samples

FORMAT = 1

Row = dict[str, Any]
_Estimates = Callable[[], tuple[Estimate | None, ...]]


def results_make(
    measured: Measured,
    *,
    config: TrainConfig,
    chart: Chart | None,
    origin: Mapping[str, Any],
    split: str,
    rng: np.random.Generator,
    best_epoch: int | None,
    steps: int,
    total: float | None = None,
) -> Row:
    """Return the results of an evaluation as a JSON object; parts that a task lacks are None.

    Parameters
    ----------
    origin
        What the initial weights are: `Origin.to_json()`.
    split
        Which photos: validation or test.
    rng
        For the intervals.
    best_epoch
        That the weights are of, counted from 1; None where none was chosen, and they are the last.
    steps
        Of the whole training.
    total
        The balanced loss, where it is known.
    """
    return {
        "format": FORMAT,
        "split": split,
        "epoch_chosen_on_these": split == "validation" and best_epoch is not None,
        "best_epoch": best_epoch,
        "steps": steps,
        "photos": len(measured.photos),
        "task": config.task,
        "preset": config.preset,
        "score_head": config.score_head,
        "side": config.side,
        "initial_weights": {**origin, "origin": origin["text"]},
        "config": config.to_json_shared(),
        "losses": dict(measured.losses) | ({} if total is None else {"total": total}),
        "rank_accuracy": _ranked(measured, chart, rng),
        "classification_accuracy": _classified(measured, chart, rng),
        "regression_error": _regressed(measured, config, chart, rng),
        "figure4": figure4(measured, config, chart),
        "samples": samples(measured, config, chart),
    }


def scalars(measured: Measured, *, config: TrainConfig, chart: Chart | None) -> dict[str, float]:
    """Return what is drawn as curves after each epoch, without intervals.

    `validation/total` is left to the caller, who knows the balance. Empty without photos.
    """
    if not measured.photos:
        return {}
    found = {f"validation/{term}": loss for term, loss in measured.losses.items()}
    if chart is None:
        if measured.right is not None:
            found["classification_accuracy/rotation"] = float(measured.right.mean())
        return found
    if measured.outcomes is not None:
        right = measured.outcomes == 1
        groups = [g for g in pair_groups(chart) if g.kind in ("all", "aspect", "distortion")]
        counted = [_without(g, chart.pair_identical) for g in groups]
        found |= _means("rank_accuracy", right, counted)
    if measured.right is not None:
        aspects = [group for group in picture_groups(chart) if group.kind == "aspect"]
        found |= _means("classification_accuracy", measured.right, aspects)
    if measured.squares is not None:
        groups = target_groups(chart, targets_of(config, chart))
        found |= _means("regression_error", measured.squares, groups)
    return found


def targets_of(config: TrainConfig, chart: Chart) -> Targets:
    """Return what the configuration's regression should say."""
    return chart.targets(
        cast("Target", config.regression_target), references=config.regress_references
    )


def _means(name: str, values: NDArray[np.generic], groups: Sequence[Group]) -> dict[str, float]:
    totals = sums(values, groups).sum(axis=0)
    return {
        f"{name}/{group.key}": float(total / (len(values) * group.members.sum()))
        for group, total in zip(groups, totals, strict=True)
        if group.members.any()
    }


def _without(group: Group, left_out: NDArray[np.bool_]) -> Group:
    return replace(group, members=group.members & ~left_out)


_PARTS = {
    "aspect": "aspects",
    "distortion": "distortions",
    "chain": "chains",
    "level": "levels",
}


def _ranked(measured: Measured, chart: Chart | None, rng: np.random.Generator) -> Row | None:
    if measured.outcomes is None or chart is None:
        return None
    whole = pair_groups(chart)
    groups = [_without(group, chart.pair_identical) for group in whole]
    right, tied, wrong = (sums(measured.outcomes == kind, groups) for kind in (1, 0, -1))
    estimates, why = _estimated(lambda: rank_accuracy(right, tied, wrong, rng=rng), len(groups))
    found: Row = {part: [] for part in _PARTS.values()}
    for place, (group, all_pairs) in enumerate(zip(groups, whole, strict=True)):
        counts = [int(each[:, place].sum()) for each in (right, tied, wrong)]
        row = {
            "key": group.key,
            "aspect": group.aspect,
            "polarity": group.polarity,
            "level": group.level,
            "step": group.step,
            **_estimate(
                "accuracy",
                estimates[place],
                why,
                "none of its pairs differ",
                (counts[0], sum(counts)),
            ),
            "pairs": int(group.members.sum()),
            "identical": int((all_pairs.members & chart.pair_identical).sum()),
            "right": counts[0],
            "tied": counts[1],
            "wrong": counts[2],
            "ties": counts[1] / sum(counts) if sum(counts) else 0.0,
        }
        if group.kind == "all":
            found["all"] = row
        else:
            found[_PARTS[group.kind]].append(row)
    return found


def _classified(measured: Measured, chart: Chart | None, rng: np.random.Generator) -> Row | None:
    if measured.right is None:
        return None
    width = measured.right.shape[1]
    groups = (
        [Group("aspect", "rotation", "", np.ones(width, dtype=bool))]
        if chart is None
        else picture_groups(chart)
    )
    right = sums(measured.right, groups)
    pictures = np.tile([group.members.sum() for group in groups], (len(right), 1))
    estimates, why = _estimated(
        lambda: classification_accuracy(right, pictures, rng=rng), len(groups)
    )
    found: Row = {"aspects": [], "distortions": []}
    for place, (group, estimate) in enumerate(zip(groups, estimates, strict=True)):
        classes, guess = _guess(group, chart, width)
        share = float(right[:, place].sum()), float(pictures[:, place].sum())
        found[_PARTS[group.kind]].append(
            {
                "key": group.key,
                "aspect": group.aspect,
                **_estimate("accuracy", estimate, why, "it has no pictures", share),
                "pictures": int(group.members.sum()),
                "classes": classes,
                "guess": guess,
            }
        )
    return found


def _guess(group: Group, chart: Chart | None, width: int) -> tuple[int, float]:
    """Return the classes of a group's aspect, and the accuracy of one who sees nothing."""
    if chart is None:
        return width, 1 / width
    sizes = [len(entry.levels) for entry in chart.distortions if entry.aspect == group.aspect]
    if group.kind == "distortion":
        return len(sizes), 1 / len(sizes)
    return len(sizes), max(sizes) / sum(sizes)


def _regressed(
    measured: Measured, config: TrainConfig, chart: Chart | None, rng: np.random.Generator
) -> Row | None:
    if measured.squares is None or chart is None:
        return None
    targets = targets_of(config, chart)
    groups = target_groups(chart, targets)
    squares = sums(measured.squares, groups)
    pictures = np.tile([group.members.sum() for group in groups], (len(squares), 1))
    estimates, why = _estimated(lambda: mean_squared_error(squares, pictures, rng=rng), len(groups))
    shares = zip(squares.sum(axis=0).tolist(), pictures.sum(axis=0).tolist(), strict=True)
    rows = [
        {
            "key": group.key,
            "aspect": group.aspect,
            **_estimate("error", estimate, why, "it has no pictures", share),
            "pictures": int(group.members.sum()),
            "zero": float(np.square(targets.values[group.members], dtype=np.float64).mean()),
        }
        for group, estimate, share in zip(groups, estimates, shares, strict=True)
    ]
    return {"all": rows[0], "distortions": rows[1:]}


def _estimated(make: _Estimates, groups: int) -> tuple[Sequence[Estimate | None], str]:
    """Return the groups' estimates, and why there are none, if so."""
    try:
        return make(), ""
    except Undefined as error:
        return [None] * groups, str(error)


def _estimate(
    name: str, found: Estimate | None, why: str, empty: str, share: tuple[float, float]
) -> Row:
    """Return an estimate, or the bare value where photos are too few for an interval.

    Parameters
    ----------
    share
        Sums over the photos: what is counted, and of how many.
    """
    if found is not None:
        return {name: asdict(found), "undefined": ""}
    counted, whole = share
    if not why or not whole:
        return {name: None, "undefined": why or empty}
    bare = {"value": counted / whole, "low": None, "high": None, "n": 1}
    return {name: {**bare, "method": "", "confidence": 0.95}, "undefined": why}
