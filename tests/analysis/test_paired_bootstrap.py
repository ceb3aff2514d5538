"""Draws, intervals and comparisons against SciPy's bootstrap, closed forms and simulation."""

import json

import numpy as np
import pytest
from scipy import stats

from analysis.metrics import REGISTRY, metric_get
from analysis.metrics.base import sample_make
from analysis.metrics.evaluation import Scores, compare, evaluate
from analysis.paired_bootstrap import Bootstrap, Units, interval, resampled
from analysis.types import Undefined

RULE = {"threshold": 5, "rule": "greater"}


def data(n: int, seed: int = 3):
    rng = np.random.default_rng(seed)
    truth = rng.normal(5.4, 0.8, n)
    good, poor = (truth + rng.normal(0, size, n) for size in (0.5, 1.0))
    return truth, good, poor


def votes(n: int, seed: int):
    return np.random.default_rng(seed).dirichlet(np.ones(10), n)


def test_a_draw_has_as_many_rows_and_is_a_matter_of_seed_and_number_alone():
    units = Units(200)
    ones = [units.draw(1, resample) for resample in range(50)]
    assert {counts.sum() for counts in ones} == {200.0}
    assert all((units.draw(1, 7) == units.draw(seed, 7)).all() == (seed == 1) for seed in (1, 2))
    assert (Units(200).draw(1, 7) == ones[7]).all()
    assert not (ones[0] == ones[1]).all()
    # Poisson(1) in the limit: 1/e of the rows are not drawn.
    assert np.mean([(counts == 0).mean() for counts in ones]) == pytest.approx(np.exp(-1), abs=0.02)


def test_rows_of_a_group_are_drawn_together():
    groups = np.array(["b", "a", "b", "c", "a", "b"])
    units = Units(6, groups)
    assert (units.count, units.name) == (3, "groups")
    sizes = set()
    for resample in range(40):
        counts = units.draw(0, resample)
        by_name = {name: set(counts[groups == name]) for name in "abc"}
        assert all(len(found) == 1 for found in by_name.values())
        assert sum(found.pop() for found in by_name.values()) == 3
        sizes.add(counts.sum())
    assert min(sizes) >= 3
    assert max(sizes) <= 9
    assert len(sizes) > 3


def test_groups_of_one_row_are_rows():
    named = Units(30, np.arange(30))
    assert (named.draw(5, 2) == Units(30).draw(5, 2)).all()


def test_intervals_agree_with_scipys_bootstrap():
    truth, good, _poor = data(120)
    ours = evaluate(truth, good, **RULE, intervals=Bootstrap(4000, seed=1))
    for key, statistic in (
        ("srcc", lambda x, y: stats.spearmanr(x, y).statistic),
        ("lcc", lambda x, y: stats.pearsonr(x, y).statistic),
        ("mae", lambda x, y: np.abs(x - y).mean()),
        ("accuracy", lambda x, y: ((x > 5) == (y > 5)).mean()),
    ):
        theirs = stats.bootstrap(
            (good, truth), statistic, paired=True, vectorized=False, n_resamples=1500,
            method="percentile", rng=np.random.default_rng(2),
        ).confidence_interval  # fmt: skip
        width = theirs.high - theirs.low
        found = ours.metrics[key]
        assert found.low == pytest.approx(theirs.low, abs=0.07 * width), key
        assert found.high == pytest.approx(theirs.high, abs=0.07 * width), key
        assert found.low < found.value < found.high
        assert (found.left_out, found.fell_back, found.undefined) == (0, 0, "")


def test_two_groups_have_the_mean_of_their_draws():
    # Both groups, twice the one, twice the other: 1/2, 1/4, 1/4.
    values = np.array([0.0, 0, 0, 1, 1, 1])
    drawn = resampled(
        lambda counts: np.array([counts @ values / counts.sum()]),
        Units(6, [0, 0, 0, 1, 1, 1]),
        Bootstrap(2000),
    )[:, 0]
    assert set(drawn) == {0.0, 0.5, 1.0}
    assert np.mean(drawn == 0.5) == pytest.approx(0.5, abs=0.04)


def test_intervals_by_group_are_wider_where_groups_are_alike_inside():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(25), 20)
    truth = rng.normal(5, 1, 500)
    predictions = truth + rng.normal(0, 1, 25)[groups] + rng.normal(0, 0.1, 500)
    widths = []
    for given in (None, groups):
        found = evaluate(truth, predictions, **RULE, intervals=Bootstrap(500), groups=given)
        widths.append(found.metrics["mae"].high - found.metrics["mae"].low)
        assert found.units == (500 if given is None else 25)
        assert found.interval.endswith("percentile")
        assert ("groups" in found.interval) == (given is not None)
    assert widths[1] > 2 * widths[0]


@pytest.mark.parametrize("key", ["srcc", "mae"])
def test_the_interval_of_a_difference_covers_it_as_often_as_it_says(key: str):
    def measure(rows, scores):
        return metric_get(key)(sample_make(truth[rows], scores[rows], **RULE))

    def difference(one, other):
        return lambda counts: np.array([one(counts) - other(counts)])

    truth, good, poor = data(100_000, seed=1)
    everything = np.arange(100_000)
    both = [measure(everything, scores) for scores in (good, poor)]
    true = float(difference(*both)(np.ones(100_000))[0])
    covered = []
    for seed in range(150):
        rows = np.random.default_rng(seed).integers(0, 100_000, 80)
        few = difference(measure(rows, good), measure(rows, poor))
        found = interval(resampled(few, Units(80), Bootstrap(150))[:, 0], 0.95)
        covered.append(found.low <= true <= found.high)
    assert 0.87 < np.mean(covered) < 1


def test_differences_are_paired_and_signed():
    truth, good, poor = data(300)
    made = compare(
        truth,
        {"good": Scores(good, votes(300, 1)), "poor": Scores(poor, votes(300, 2))},
        baseline="poor", truth_bins=votes(300, 3), **RULE, intervals=Bootstrap(300),
    )  # fmt: skip
    assert list(made.evaluations) == ["good", "poor"]
    assert list(made.differences) == ["good"]
    found, one, other = made.differences["good"], *made.evaluations.values()
    assert set(found) == {key for key, entry in REGISTRY.items() if entry.needs != "truth"}
    assert found["srcc"].value == one.metrics["srcc"].value - other.metrics["srcc"].value
    assert found["srcc"].low > 0
    assert found["mae"].high < 0
    # Rows that are hard for one model are hard for both: less spread than two intervals apart.
    apart = sum(each.metrics["emd"].high - each.metrics["emd"].low for each in (one, other))
    assert found["emd"].high - found["emd"].low < apart
    assert json.loads(json.dumps(made.to_json()))["differences"]["good"]["mae"]["high"] < 0


def test_a_model_does_not_differ_from_itself():
    truth, good, _poor = data(50)
    made = compare(
        truth, {"a": Scores(good), "b": Scores(good)}, baseline="b", **RULE, intervals=Bootstrap(50)
    )
    assert {(r.value, r.low, r.high) for r in made.differences["a"].values()} == {(0.0, 0.0, 0.0)}


def test_models_do_not_change_each_others_intervals():
    truth, good, poor = data(80)
    alone = evaluate(truth, good, **RULE, intervals=Bootstrap(60, seed=4))
    made = compare(
        truth, {"poor": Scores(poor), "good": Scores(good)}, baseline="poor", **RULE,
        intervals=Bootstrap(60, seed=4),
    )  # fmt: skip
    assert made.evaluations["good"] == alone


def test_undefined_metrics_say_why_and_the_others_stand():
    truth, _good, _poor = data(40)
    found = evaluate(truth, np.full(40, 5.5), **RULE, intervals=Bootstrap(50))
    for key in ("srcc", "krcc", "lcc", "lcc_logistic"):
        reading = found.metrics[key]
        assert (reading.value, reading.low, reading.high) == (None, None, None)
        assert "all predictions are the same" in reading.undefined
    assert found.metrics["mae"].low < found.metrics["mae"].value
    assert "emd" not in found.metrics
    made = compare(truth, {"flat": Scores(np.ones(40)), "b": Scores(truth)}, baseline="b", **RULE)
    assert made.differences["flat"]["srcc"].value is None
    assert "all predictions" in made.differences["flat"]["srcc"].undefined
    assert made.differences["flat"]["mae"].value > 0


def test_one_class_alone_has_no_balanced_accuracy():
    found = evaluate([6, 7, 8], [4, 7, 9], **RULE)
    assert "on one side of 5" in found.metrics["balanced_accuracy"].undefined
    assert found.metrics["accuracy"].value == 2 / 3
    assert found.metrics["majority"].value == 1


def test_resamples_that_do_not_define_a_metric_are_counted():
    found = evaluate([4, 4, 4, 4, 6], [4, 5, 4, 6, 7], **RULE, intervals=Bootstrap(400))
    # The one row above 5 is missing in (4/5)^5 of the resamples, and alone in (1/5)^5.
    left_out = found.metrics["balanced_accuracy"].left_out
    assert left_out / 400 == pytest.approx(0.8**5 + 0.2**5, abs=0.07)
    assert found.metrics["accuracy"].left_out == 0


def test_a_failed_fit_says_so_and_gives_raw():
    x, y = [0, 6, 2, 5, 3, 0, 7, 4, 1], [7, 6, 0, 1, 0, 2, 3, 5, 5]
    found = evaluate(y, x, **RULE, intervals=Bootstrap(100)).metrics
    assert found["lcc_logistic"].value == found["lcc"].value
    assert "less than a straight line" in found["lcc_logistic"].fallback
    assert found["lcc"].fallback == ""
    assert found["lcc"].fell_back == 0


def test_an_interval_without_a_defined_resample_has_no_ends():
    assert interval(np.full(3, np.nan), 0.95) == (None, None, 3)
    assert interval(np.array([1.0, np.nan, 3]), 0.5) == (1.5, 2.5, 1)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: evaluate([1, 2, 3], [1, 2], **RULE), "truth has 3 rows, predictions have 2"),
        (lambda: evaluate([1, np.nan, 3], [1, 2, 3], **RULE), "truth have 1 values.*in row 1"),
        (lambda: evaluate([1, 2, 3], [1, 2, np.inf], **RULE), "predictions have 1 values"),
        (lambda: evaluate([1, 2, 1e200], [1, 2, 3], **RULE), "truth have 1 values"),
        (lambda: evaluate([[1], [2]], [1, 2], **RULE), "one number a row"),
        (lambda: evaluate([1, 2, 3], [1, 2, 3], threshold=5, rule="above"), "allowed are: greater"),
        (lambda: evaluate([1, 2, 3], [1, 2, 3], threshold=np.nan, rule="greater"), "threshold"),
        (
            lambda: evaluate([1, 2, 3], [1, 2, 3], truth_bins=[[1, 0]] * 2, **RULE),
            r"truth_bins has shape \(2, 2\)",
        ),
        (
            lambda: evaluate([1, 2, 3], [1, 2, 3], predicted_bins=[[1, 0], [0, 0], [1, 1]], **RULE),
            "predicted_bins of row 1",
        ),
        (
            lambda: evaluate(
                [1, 2, 3], [1, 2, 3], truth_bins=np.ones((3, 5)),
                predicted_bins=np.ones((3, 10)), **RULE,
            ),
            "truth has 5 bins, predictions have 10",
        ),
        (lambda: compare([1, 2, 3], {"a": Scores([1, 2, 3])}, baseline="b", **RULE), "none of the"),
        (lambda: Units(3, ["a", "b"]), "groups have shape"),
        (lambda: Bootstrap(1), "resamples is 1"),
        (lambda: Bootstrap(seed=-1), "seed is -1"),
        (lambda: Bootstrap(confidence=95), "confidence is 95"),
    ],
)  # fmt: skip
def test_impossible_input_is_refused(call, text: str):
    with pytest.raises(ValueError, match=text):
        call()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_rows_are_undefined(n: int):
    with pytest.raises(Undefined, match=f"at least 3 rows; there are {n}"):
        evaluate(np.arange(n), np.arange(n), **RULE)


def test_one_group_has_no_interval():
    with pytest.raises(Undefined, match="at least two groups"):
        evaluate([1, 2, 3], [1, 2, 3], **RULE, intervals=Bootstrap(10), groups=["a"] * 3)
