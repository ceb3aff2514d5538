"""Evaluations of the same images against one of them: differences, intervals, tests."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from analysis.clusters import cluster_means
from analysis.metrics import REGISTRY
from analysis.metrics.evaluation import Scores, compare
from analysis.paired_bootstrap import Bootstrap
from analysis.significance import models_compare
from analysis.types import Undefined
from models_app.errors import JobInvalid
from models_app.findings.agreement import SEEN, bins_of
from models_app.findings.marks import REMARK, evaluation_marks
from models_app.models import Evaluation
from models_app.services.evaluations import Predictions, predictions_of
from survey.exports import cell

FORMAT = 2
"""Of comparison.json; 1 tested copies of one image as if they were independent."""
LEAST = 3


def same_images_check(evaluations: Sequence[Evaluation]) -> None:
    """Raises JobInvalid where scores are of different splits, which nobody can compare."""
    if len({each.pk for each in evaluations}) < 2:
        raise JobInvalid(_("A comparison needs two evaluations; choose another one."))
    judged = {(each.label_set_id, each.split_sha256, each.part) for each in evaluations}
    if len(judged) > 1:
        said = ", ".join(dict.fromkeys(where_words(each) for each in evaluations))
        raise JobInvalid(
            _(
                "These evaluations are of different images (%(said)s), and their scores cannot be "
                "compared; choose evaluations of one part of one split."
            )
            % {"said": said},
            "evaluations",
        )


def where_words(evaluation: Evaluation) -> str:
    """Say which images were judged."""
    if evaluation.split is None:
        return _("all of %(name)s") % {"name": evaluation.label_set.name}
    return f"{evaluation.label_set.name}, {evaluation.split.name}, {evaluation.part}"


def evaluations_compare(
    evaluations: Sequence[Evaluation],
    baseline: int,
    *,
    resamples: int,
    seed: int,
    asked: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Compare evaluations of one split with one of them, on the images that all of them judged.

    Returns JSON: `comparison` as analysis.metrics.evaluation has it and `tests` as
    analysis.significance has them, both by the evaluation's key; where labels name references the
    tests are of the references' mean absolute errors (`tested`). Threshold and rule are those of
    the baseline. `asked` is called often meanwhile; what it raises ends the work. Raises
    JobInvalid, JobConflict.
    """
    same_images_check(evaluations)
    found = {each.pk: predictions_of(each) for each in evaluations}
    common, left_out = _aligned(found)
    base, settings = common[baseline], _settings_of(evaluations, baseline)
    truth_bins, _bins = bins_of(base)
    references = base.references
    can_draw = references is None or len(set(references)) > 1
    try:
        comparison = compare(
            base.truth,
            {str(pk): Scores(each.mapped, bins_of(each)[1]) for pk, each in common.items()},
            baseline=str(baseline),
            truth_bins=truth_bins,
            threshold=settings["threshold"],
            rule=settings["rule"],
            intervals=Bootstrap(resamples, seed=seed) if can_draw else None,
            groups=references if can_draw else None,
            asked=asked,
        )
        unit = f"points of {base.scale.low:g} to {base.scale.high:g}"
        others = {str(pk): _errors(each) for pk, each in common.items() if pk != baseline}
        tests = models_compare(others, _errors(base), unit=unit)
    except Undefined as error:
        raise JobInvalid(str(error)) from error
    return {
        "format": FORMAT,
        "baseline": baseline,
        "n": len(base),
        "left_out": {str(pk): n for pk, n in left_out.items()},
        "unit": unit,
        "marks": {str(each.pk): evaluation_marks(each).said for each in evaluations},
        "seen_in_training": {str(each.pk): each.metrics.get(SEEN) for each in evaluations},
        **settings,
        "comparison": comparison.to_json(),
        "tested": "images" if references is None else "references",
        "tests": {name: asdict(test) for name, test in tests.items()},
    }


def comparison_csv(found: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    """Yield lines: a row a checkpoint and metric, with its difference from the baseline."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(
        ["evaluation", "checkpoint", "metric", "value", "low", "high", "difference",
         "difference_low", "difference_high", "n", "wilcoxon_p", "bonferroni_p", "holm_p",
         "rank_biserial", "tested", "tested_n", SEEN, REMARK]
    )  # fmt: skip
    for pk, evaluation in found["comparison"]["evaluations"].items():
        also = [found["seen_in_training"][pk], " ".join(found["marks"][pk])]
        test = found["tests"].get(pk)
        said: list[Any] = [""] * 6
        if test:
            decision = test["decision"]
            said = [decision[name] for name in ("p", "bonferroni", "holm")]
            said.append(test["effects"]["rank_biserial"])
            said += [found["tested"], test["test"]["n"]]
        for key, reading in evaluation["metrics"].items():
            apart = found["comparison"]["differences"].get(pk, {}).get(key, {})
            numbers = [reading.get(end) for end in ("value", "low", "high")]
            numbers += [apart.get(end) for end in ("value", "low", "high")]
            # The test is one of absolute errors.
            tested = [*(said if key == "mae" else [""] * 6), *also]
            written = ["" if number is None else number for number in [*numbers, found["n"]]]
            name = cell(names.get(pk, pk), "text")
            yield writer.writerow(
                [pk, name, key, *written, *("" if each is None else each for each in tested)]
            )


def better(key: str, difference: float) -> bool:
    """Whether a difference from the baseline is one for the better."""
    return difference > 0 if REGISTRY[key].better == "higher" else difference < 0


def _aligned(
    found: Mapping[int, Predictions],
) -> tuple[dict[int, Predictions], dict[int, int]]:
    """Return the predictions of the images that all judged, and how many each has besides."""
    names = set.intersection(*(set(each.names) for each in found.values()))
    if len(names) < LEAST:
        raise JobInvalid(
            _(
                "These evaluations have %(n)d images in common, and a comparison needs %(least)d; "
                "evaluate the checkpoints again."
            )
            % {"n": len(names), "least": LEAST},
            "evaluations",
        )
    common = {}
    for pk, each in found.items():
        places = [place for place, name in enumerate(each.names) if name in names]
        common[pk] = each.chosen(places)
    first = next(iter(common.values()))
    for each in common.values():
        if each.names != first.names or not np.array_equal(each.truth, first.truth):
            raise JobInvalid(
                _("The labels changed between these evaluations; evaluate the checkpoints again."),
                "evaluations",
            )
    return common, {pk: len(each) - len(names) for pk, each in found.items()}


def _errors(predictions: Predictions) -> NDArray[np.float64]:
    """Return absolute errors, shape (images,); copies of one reference count as one."""
    if predictions.references is None:
        return predictions.errors
    return cluster_means(predictions.errors, predictions.references)[1]


def _settings_of(evaluations: Sequence[Evaluation], baseline: int) -> dict[str, Any]:
    for each in evaluations:
        if each.pk == baseline:
            return {name: each.metrics[name] for name in ("threshold", "rule")}
    raise JobInvalid(_("The baseline must be one of the evaluations."), "baseline")


class _Echo:
    def write(self, text: str, /) -> str:
        return text
