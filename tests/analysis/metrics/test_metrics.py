"""Every metric against double loops, SciPy, hand-worked cases and the rows that a draw picks."""

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from analysis.metrics import REGISTRY, Entry, metric_get, registry
from analysis.metrics.base import RULES, sample_make
from analysis.metrics.evaluation import Scores, compare, evaluate
from analysis.paired_bootstrap import Bootstrap, Units
from analysis.types import Undefined
from tests.analysis.metrics import plain

# A fit has an end, not a formula; test_logistic.py has the curves that data determine.
CLOSE = {"lcc_logistic": 1e-7}
EXACT = {"srcc", "krcc", "accuracy", "balanced_accuracy", "majority"}


def scores(n: int, *, steps: int | None = None, seed: int = 7):
    """Truth and predictions around 5; with `steps`, ties are frequent."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(5.3, 0.8, n)
    predictions = 0.6 * truth + rng.normal(2, 0.5, n)
    if steps:
        truth, predictions = np.round(truth * steps) / steps, np.round(predictions * steps) / steps
    return truth, predictions


def bins(n: int, *, seed: int):
    return np.random.default_rng(seed).integers(0, 40, (n, 10)) + np.eye(10, dtype=int)[9]


def sample(n: int, *, steps: int | None = None, rule="greater"):
    truth, predictions = scores(n, steps=steps)
    return sample_make(
        truth, predictions, truth_bins=bins(n, seed=1), predicted_bins=bins(n, seed=2),
        threshold=5.5, rule=rule,
    )  # fmt: skip


def picked(of, counts):
    rows = np.repeat(np.arange(len(counts)), counts.astype(int))
    return sample_make(
        of.truth[rows], of.predictions[rows], truth_bins=of.truth_bins[rows],
        predicted_bins=of.predicted_bins[rows], threshold=of.threshold, rule=of.rule,
    )  # fmt: skip


def result(measure, counts):
    """The value, or why there is none."""
    try:
        return measure(counts)
    except Undefined as reason:
        return f"{type(reason).__name__}: {reason}"


def test_the_number_of_entries_is_known():
    assert len(REGISTRY) == 12


@pytest.mark.parametrize("key", REGISTRY)
def test_an_entry_keeps_its_contract(key: str):
    entry = REGISTRY[key]
    assert (entry.key, bool(entry.label)) == (key, True)
    assert entry.needs in {"scores", "distributions", "truth"}
    assert entry.better in {"higher", "lower"}
    of = sample(40)
    before = of.truth.copy(), of.predictions.copy()
    value = metric_get(key)(of)(np.ones(40))
    assert isinstance(value, float)
    assert np.isfinite(value)
    assert (of.truth == before[0]).all()
    assert (of.predictions == before[1]).all()


def test_a_metric_of_the_truth_alone_does_not_see_predictions():
    one = sample(40)
    other = sample_make(one.truth, one.predictions[::-1], threshold=5.5, rule="greater")
    for key in REGISTRY:
        if REGISTRY[key].needs != "distributions":
            same = metric_get(key)(one)(np.ones(40)) == metric_get(key)(other)(np.ones(40))
            assert same == (REGISTRY[key].needs == "truth")


def test_unknown_and_double_keys_are_refused():
    with pytest.raises(ValueError, match="'plcc' is no metric; allowed are: srcc, krcc"):
        metric_get("plcc")
    entry = Entry("a", "A", "a.a", "scores", "higher")
    with pytest.raises(ValueError, match="registered twice"):
        registry(entry, entry)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("steps", [None, 2, 10])
@pytest.mark.parametrize("n", [12, 25, 65])
def test_every_metric_agrees_with_double_loops(n: int, steps: int | None, rule):
    of = sample(n, steps=steps, rule=rule)
    expected = plain.everything(
        of.predictions, of.truth, of.predicted_bins, of.truth_bins, of.threshold, rule
    )
    for key, value in expected.items():
        assert metric_get(key)(of)(np.ones(n)) == pytest.approx(value, abs=1e-13), key


@pytest.mark.parametrize("steps", [None, 3, 50])
def test_correlations_agree_with_scipy(steps: int | None):
    of = sample(500, steps=steps)
    for key, theirs in (
        ("srcc", stats.spearmanr),
        ("krcc", stats.kendalltau),
        ("lcc", stats.pearsonr),
    ):
        found = theirs(of.predictions, of.truth).statistic
        assert metric_get(key)(of)(np.ones(500)) == pytest.approx(found, abs=1e-14), key


@pytest.mark.parametrize("steps", [None, 2, 10])
@pytest.mark.parametrize("n", [9, 64, 300])
@pytest.mark.parametrize("key", REGISTRY)
def test_a_draw_has_the_metric_of_the_rows_that_it_picks(key: str, n: int, steps: int | None):
    of = sample(n, steps=steps)
    measure, units, compared = metric_get(key)(of), Units(n), 0
    for resample in range(25):
        counts = units.draw(5, resample)
        rows = metric_get(key)(picked(of, counts))
        expected, found = (result(each, at) for each, at in ((rows, np.ones(n)), (measure, counts)))
        compared += isinstance(expected, float)
        if key in EXACT or isinstance(expected, str):
            assert found == expected
        else:
            assert found == pytest.approx(expected, abs=CLOSE.get(key, 1e-12))
    assert compared >= 10


def test_four_rows_by_hand():
    # Ranks of the truth 1, 2.5, 2.5, 4; of the predictions 2, 1, 3, 4.
    of = sample_make([4, 5, 5, 6], [5, 4, 6, 8], threshold=5, rule="greater")
    value = {
        key: metric_get(key)(of)(np.ones(4))
        for key, entry in REGISTRY.items()
        if entry.needs != "distributions"
    }
    assert value["srcc"] == pytest.approx(3 / sqrt(4.5 * 5), abs=1e-15)
    # Pairs: 4 concordant, 1 discordant, 1 tied in the truth.
    assert value["krcc"] == pytest.approx(3 / sqrt(5 * 6), abs=1e-15)
    # Deviations -1, 0, 0, 1 and -0.75, -1.75, 0.25, 2.25.
    assert value["lcc"] == pytest.approx(3 / sqrt(2 * 8.75), abs=1e-15)
    assert value["mae"] == 5 / 4
    assert value["rmse"] == sqrt(7 / 4)
    # Slope 3 / 8.75; residuals of -1, 0, 0, 1.
    slope = 3 / 8.75
    assert value["mae_linear"] == pytest.approx(
        (1 - 0.75 * slope + 1.75 * slope + 0.25 * slope + 1 - 2.25 * slope) / 4, abs=1e-15
    )
    assert value["mae_constant"] == 0.5
    # Above 5: truth none, none, none, yes; predictions no, no, yes, yes.
    assert (value["accuracy"], value["majority"]) == (0.75, 0.75)
    assert value["balanced_accuracy"] == pytest.approx((1 + 2 / 3) / 2)
    at_least = sample_make([4, 5, 5, 6], [5, 4, 6, 8], threshold=5, rule="at_least")
    assert metric_get("accuracy")(at_least)(np.ones(4)) == 0.5


def test_distance_of_two_distributions_by_hand():
    # All votes one bin apart: one step of 1 in ten bins. All at opposite ends: nine steps of 1.
    near, far = np.eye(10)[[2, 0, 4]], np.eye(10)[[3, 9, 4]]
    of = sample_make([1, 2, 3], [1, 2, 3], truth_bins=near * 7, predicted_bins=far,
                     threshold=5, rule="greater")  # fmt: skip
    measure = metric_get("emd")(of)
    assert measure(np.array([1.0, 0, 0])) == pytest.approx(sqrt(1 / 10))
    assert measure(np.array([0.0, 1, 0])) == pytest.approx(sqrt(9 / 10))
    assert measure(np.ones(3)) == pytest.approx((sqrt(0.1) + sqrt(0.9)) / 3)


def test_distance_without_distributions_is_refused():
    of = sample_make([1, 2, 3], [1, 2, 3], threshold=5, rule="greater")
    with pytest.raises(ValueError, match="needs distributions of truth and predictions"):
        metric_get("emd")(of)


@pytest.mark.parametrize("key", ["srcc", "krcc", "lcc", "lcc_logistic"])
def test_perfect_order_is_one_and_the_scale_does_not_matter(key: str):
    truth, _predictions = scores(50)
    of = sample_make(truth, 1e-9 * truth + 1e3, threshold=5, rule="greater")
    same = sample_make(truth, truth, threshold=5, rule="greater")
    assert metric_get(key)(same)(np.ones(50)) == pytest.approx(1, abs=1e-6)
    if key in EXACT:
        assert metric_get(key)(same)(np.ones(50)) == 1
    assert metric_get(key)(of)(np.ones(50)) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("key", ["srcc", "krcc", "lcc", "lcc_logistic"])
@pytest.mark.parametrize("value", [0.0, 0.1, 5.123456789, -1e90])
def test_constant_scores_have_no_correlation(key: str, value: float):
    truth, predictions = scores(30)
    flat = np.full(30, value)
    for of, what in (
        (sample_make(truth, flat, threshold=5, rule="greater"), "predictions"),
        (sample_make(flat, predictions, threshold=5, rule="greater"), "true scores"),
    ):
        with pytest.raises(Undefined, match=f"all {what} are the same"):
            metric_get(key)(of)(np.ones(30))


def test_constant_predictions_leave_the_mean_of_the_truth():
    truth, _predictions = scores(30)
    of = sample_make(truth, np.full(30, 0.1), threshold=5, rule="greater")
    found = metric_get("mae_linear")(of)(np.ones(30))
    assert found == metric_get("mae_constant")(of)(np.ones(30))


def test_large_samples_stay_exact():
    # 70,000 rows with many ties: sums of squared ranks near 2^49.
    truth, predictions = scores(70_000, steps=20)
    of = sample_make(truth, predictions, threshold=5, rule="greater")
    assert metric_get("srcc")(of)(np.ones(70_000)) == pytest.approx(
        stats.spearmanr(predictions, truth).statistic, abs=1e-13
    )
    assert metric_get("krcc")(of)(np.ones(70_000)) == pytest.approx(
        stats.kendalltau(predictions, truth).statistic, abs=1e-13
    )


def test_whoever_is_asked_before_each_metric_may_end_the_work():
    truth, predictions = scores(40)
    given = {"threshold": 5.5, "rule": "greater"}
    asked = []
    found = evaluate(
        truth, predictions, **given, intervals=Bootstrap(5, seed=1), asked=lambda: asked.append(1)
    )
    assert found == evaluate(truth, predictions, **given, intervals=Bootstrap(5, seed=1))
    # Of all rows, and of each resample.
    assert len(asked) == 6 * len(found.metrics)

    def end() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        compare(truth, {"a": Scores(predictions)}, baseline="a", **given, asked=end)
