"""Cells against a baseline: tests, effect sizes, differences, label saving."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

import numpy as np

from analysis.clusters import cluster_means
from analysis.label_saving import Reached, label_saving
from analysis.multiple_comparisons import Decision, Rule, family_decide
from analysis.seeds import SeedErrors
from analysis.significance import Comparison, seeds_compare
from models_app.studies.report.inputs import Cell
from models_app.studies.report.resampling import METRICS, Measured

Pair = tuple[Cell, Cell]
SAVING_METRICS = ("accuracy", "lcc", "srcc", "mae")
LOWER_IS_BETTER = frozenset({"mae", "mae_linear"})


def family_compare(
    measured: Measured,
    pairs: Sequence[Pair],
    *,
    planned: int,
    alpha: float,
    rule: str,
    unit: str,
) -> list[dict[str, Any]]:
    """Compare cells, each with its baseline, as one family: what is read together.

    Where images are copies of references, a test is of the references' mean absolute errors.

    Parameters
    ----------
    planned
        Tests that the family was to have: one that cannot be made counts as one with p = 1, or
        what fails would make what is left easier to find significant.

    Raises
    ------
    Undefined
        Without pairs.
    """
    tests = {
        _name(cell): seeds_compare(
            {"": _errors(measured, cell)}, _errors(measured, baseline), unit=unit
        )[""]
        for cell, baseline in pairs
    }
    p_values = {name: found.test.p for name, found in tests.items()}
    p_values |= {f"missing {n}": 1.0 for n in range(planned - len(pairs))}
    decisions = family_decide(p_values, alpha=alpha, rule=cast("Rule", rule))
    return [
        {
            "cell": cell.to_json(),
            "against": baseline.to_json(),
            **_said(tests[_name(cell)], decisions[_name(cell)]),
            "tested": "images" if _is_single(measured, cell) else "references",
            "differences": {
                metric: measured.difference(cell, baseline, metric) for metric in METRICS
            },
        }
        for cell, baseline in pairs
    ]


def savings_find(measured: Measured, curve: Sequence[Cell], baseline: Cell) -> list[dict[str, Any]]:
    """Find for each metric the share of labels at which a curve reaches the baseline's level.

    Parameters
    ----------
    curve
        One initialisation with rising shares.
    baseline
        Another one with all labels.
    """
    rows = []
    for metric in SAVING_METRICS:
        about: dict[str, Any] = {"initialisation": curve[0].initialisation, "metric": metric}
        values = [measured.value(cell, metric) for cell in curve]
        base = measured.value(baseline, metric)
        drawn = np.stack([measured.drawn(cell, metric) for cell in curve], axis=1)
        bases = measured.drawn(baseline, metric)
        whole = np.isfinite(drawn).all(axis=1) & np.isfinite(bases)
        if base is None or None in values or not whole.any():
            undefined = "some predictions are constant, so the metric is not defined everywhere"
            rows.append({**about, "undefined": undefined})
            continue
        found = label_saving(
            [cell.share for cell in curve],
            cast("list[float]", values),
            base,
            curves=drawn[whole],
            baselines=bases[whole],
            lower_is_better=metric in LOWER_IS_BETTER,
        )
        rows.append(
            {
                **about,
                "reached": _reached(found.reached),
                "low": _reached(found.low),
                "high": _reached(found.high),
                "saving": found.saving,
                "never": found.never,
                "n": found.n,
                "left_out": int((~whole).sum()),
                "method": found.method,
            }
        )
    return rows


def _reached(found: Reached) -> dict[str, Any]:
    return {"share": found.share, "relation": found.relation, "text": found.text}


def _name(cell: Cell) -> str:
    return f"{cell.initialisation}/{cell.trainable}/{cell.share}"


def _errors(measured: Measured, cell: Cell) -> list[SeedErrors]:
    found = []
    for arm in measured.cells[cell]:
        judged = measured.judged[arm]
        errors = np.abs(judged.prediction - judged.truth)
        if judged.references is None:
            found.append(SeedErrors(arm.seed, judged.names, errors))
        else:
            found.append(SeedErrors(arm.seed, *cluster_means(errors, judged.references)))
    return found


def _is_single(measured: Measured, cell: Cell) -> bool:
    """Whether each image stands for itself."""
    return all(measured.judged[arm].references is None for arm in measured.cells[cell])


def _said(found: Comparison, decision: Decision) -> dict[str, Any]:
    test = found.test
    return {
        "p": decision.p,
        "bonferroni": decision.bonferroni,
        "holm": decision.holm,
        "significant": decision.significant,
        "mark": decision.mark,
        "alpha": decision.alpha,
        "rule": decision.rule,
        "family": decision.family,
        "statistic": test.statistic,
        "n": test.n,
        "n_zero": test.n_zero,
        "method": test.method,
        "effects": asdict(found.effects),
        "seeds": asdict(found.seeds) if found.seeds else None,
    }
