"""Label saving against worked curves, a slow search, and a simulation with a known answer."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.label_saving import Reached, label_saving

SHARES = [0.2, 0.4, 0.6, 0.8, 1.0]


def saving(curve, baseline, *, lower=False, shares=SHARES, curves=None, baselines=None, **options):
    return label_saving(
        shares,
        curve,
        baseline,
        curves=[curve] if curves is None else curves,
        baselines=[baseline] if baselines is None else baselines,
        lower_is_better=lower,
        **options,
    )


def test_between_two_shares_the_curve_is_straight():
    found = saving([0.40, 0.46, 0.50, 0.52, 0.53], 0.51)
    assert found.reached.share == pytest.approx(0.7)
    assert found.reached.relation == "="
    assert found.saving == pytest.approx(0.3)
    assert found.reached.text == "70 %"


def test_a_share_that_was_tried_is_met_exactly():
    found = saving([0.40, 0.46, 0.50, 0.52, 0.53], 0.52)
    assert (found.reached.share, found.reached.relation) == (0.8, "=")
    found = saving([0.40, 0.46, 0.50, 0.52, 0.53], 0.53)
    assert (found.reached.text, found.saving) == ("100 %", 0)


def test_an_error_falls_to_the_level():
    found = saving([0.60, 0.52, 0.50, 0.48, 0.47], 0.49, lower=True)
    assert found.reached.share == pytest.approx(0.7)
    assert found.low.share == found.high.share == found.reached.share
    turned = saving([-0.60, -0.52, -0.50, -0.48, -0.47], -0.49)
    assert turned.reached == found.reached


def test_a_curve_below_the_level_never_reaches_it():
    found = saving([0.40, 0.46, 0.50, 0.52, 0.53], 0.54)
    assert found.reached == Reached(1.0, ">")
    assert (found.reached.text, found.saving) == ("> 100 %", None)
    assert (found.low, found.high, found.never) == (found.reached, found.reached, 1)


def test_a_curve_above_the_level_reaches_it_at_once():
    found = saving([0.40, 0.46, 0.50, 0.52, 0.53], 0.40)
    assert found.reached == Reached(0.2, "<=")
    assert (found.reached.text, found.saving) == ("≤ 20 %", 0.8)
    assert found.already == 1


def test_a_curve_that_ends_early_is_censored_there():
    found = saving([0.40, 0.46], 0.5, shares=[0.25, 0.755])
    assert found.reached.text == "> 75.5 %"


def test_of_several_crossings_the_last_counts_unless_the_first_is_asked_for():
    curve = [0.40, 0.52, 0.48, 0.54, 0.56]
    assert saving(curve, 0.5).reached.share == pytest.approx(0.6 + 0.2 / 3)
    assert saving(curve, 0.5, rule="first").reached.share == pytest.approx(0.2 + 0.2 * 10 / 12)


def test_a_curve_that_falls_below_again_has_not_reached_the_level():
    curve = [0.52, 0.53, 0.54, 0.53, 0.49]
    assert saving(curve, 0.5).reached == Reached(1.0, ">")
    assert saving(curve, 0.5, rule="first").reached == Reached(0.2, "<=")


def slow_search(curve, baseline, *, first):
    """The crossing by walking along the curve in small steps."""
    steps = np.linspace(SHARES[0], SHARES[-1], 40_001)
    good = np.interp(steps, SHARES, curve) >= baseline
    if first:
        return steps[good.argmax()] if good.any() else np.inf
    if good.all():
        return steps[0]
    last_bad = np.flatnonzero(~good)[-1]
    return steps[last_bad + 1] if last_bad + 1 < len(steps) else np.inf


@given(
    st.lists(st.integers(0, 20), min_size=5, max_size=5),
    st.integers(0, 19),
    st.sampled_from(["stays", "first"]),
)
def test_it_agrees_with_a_walk_along_the_curve(curve, level, rule):
    # Half a point apart, so that no share tried meets the level and rounding decides nothing.
    found = saving(curve, level + 0.5, rule=rule).reached
    expected = slow_search(curve, level + 0.5, first=rule == "first")
    if np.isinf(expected):
        assert found == Reached(1.0, ">")
    elif expected == SHARES[0]:
        assert found == Reached(0.2, "<=")
    else:
        assert found.share == pytest.approx(expected, abs=3e-5)


def test_resamples_that_never_reach_are_counted_and_open_the_interval():
    curve = [0.40, 0.46, 0.50, 0.52, 0.53]
    # 100 resamples: 10 never, 20 at once, the rest at 70 %.
    baselines = [0.6] * 10 + [0.3] * 20 + [0.51] * 70
    found = saving(curve, 0.51, curves=[curve] * 100, baselines=baselines)
    assert (found.never, found.already, found.n) == (0.1, 0.2, 100)
    assert found.low == Reached(0.2, "<=")
    assert found.high == Reached(1.0, ">")
    assert found.saving == pytest.approx(0.3)
    # 80 %: the tenth of resamples above it are just those that never reach.
    narrow = saving(curve, 0.51, curves=[curve] * 100, baselines=baselines, confidence=0.78)
    assert narrow.high.relation == "="
    assert narrow.high.share == pytest.approx(0.7)


def test_ends_are_resamples_and_rounded_outwards():
    baselines = np.linspace(0.5, 0.6, 11)
    curve = [0.5, 0.6]
    found = saving(
        curve,
        0.55,
        shares=[0.5, 1.0],
        curves=[curve] * 11,
        baselines=baselines[np.random.default_rng(3).permutation(11)],
        confidence=0.5,
    )
    # Quartiles lie between the third and the fourth from each end.
    assert found.low.share == pytest.approx(0.6)
    assert found.high.share == pytest.approx(0.9)


def test_rows_of_a_resample_belong_together():
    curve = np.array([0.40, 0.46, 0.50, 0.52, 0.53])
    shift = np.random.default_rng(5).normal(0, 0.1, 500)
    found = saving(curve, 0.51, curves=curve + shift[:, None], baselines=0.51 + shift)
    assert found.low.share == pytest.approx(0.7)
    assert found.high.share == pytest.approx(0.7)


def test_the_interval_covers_the_truth():
    truth, level, sd = np.array([0.40, 0.46, 0.50, 0.52, 0.53]), 0.49, 0.006
    at = 0.55
    rng = np.random.default_rng(11)
    covered = []
    for _ in range(600):
        seen = truth + rng.normal(0, sd, 5)
        base = level + rng.normal(0, sd)
        found = saving(
            seen,
            base,
            curves=seen + rng.normal(0, sd, (400, 5)),
            baselines=base + rng.normal(0, sd, 400),
        )
        low = found.low.share if found.low.relation == "=" else 0
        high = np.inf if found.high.relation == ">" else found.high.share
        covered.append(low <= at <= high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)


def test_a_result_is_json():
    found = saving([0.40, 0.46, 0.50, 0.52, 0.53], 0.54)
    assert json.loads(json.dumps(asdict(found), allow_nan=False))["reached"] == {
        "share": 1.0,
        "relation": ">",
    }


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"shares": [0.4, 0.2]}, "must rise"),
        ({"shares": [0, 0.2]}, "above 0"),
        ({"shares": [20, 40]}, "at most 1"),
        ({"shares": [0.2]}, "at least two"),
        ({"curve": [0.1, 0.2, 0.3]}, "each of the 2 shares"),
        ({"curves": [[0.1, 0.2]] * 2}, "a baseline for each curve"),
        ({"curves": np.empty((0, 2)), "baselines": []}, "no resamples"),
        ({"curves": [[0.1, float("nan")]]}, "finite"),
        ({"baseline": float("inf")}, "finite"),
        ({"rule": "last"}, "allowed are stays, first"),
        ({"confidence": 95}, "between 0 and 1"),
    ],
)
def test_it_refuses_what_is_no_learning_curve(changed, message):
    given_ = {"curve": [0.1, 0.2], "baseline": 0.15, "shares": [0.5, 1.0]}
    given_ |= {"curves": [[0.1, 0.2]], "baselines": [0.15]} | changed
    with pytest.raises(ValueError, match=message):
        saving(given_.pop("curve"), given_.pop("baseline"), **given_)
