"""Families of tests against statsmodels and worked cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from analysis.multiple_comparisons import DAGGER, bonferroni, family_decide, holm
from analysis.types import Undefined

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@settings(max_examples=25, deadline=None)
@given(p_values, st.sampled_from([0.01, 0.05]))
def test_both_equal_statsmodels(p, alpha):
    family = {str(place): value for place, value in enumerate(p)}
    for rule, ours in (("bonferroni", bonferroni(p)), ("holm", holm(p))):
        theirs = multipletests(p, alpha=alpha, method=rule)[1]
        assert ours == pytest.approx(theirs, abs=1e-15)
        decided = family_decide(family, alpha=alpha, rule=rule)
        assert [d.significant for d in decided.values()] == (ours <= alpha).tolist()


@given(p_values)
def test_holm_is_never_above_bonferroni_nor_below_p(p):
    assert (holm(p) <= bonferroni(p)).all()
    assert (holm(p) >= np.array(p)).all()


def test_holm_decides_where_bonferroni_does_not():
    # Worked by hand: 4 x 0.002, 3 x 0.003, 2 x 0.2; 0.3 is below that and takes it over.
    family = {"a": 0.003, "b": 0.002, "c": 0.3, "d": 0.2}
    stepped = family_decide(family, rule="holm")
    assert [round(d.holm, 12) for d in stepped.values()] == [0.009, 0.008, 0.4, 0.4]
    assert [d.mark for d in stepped.values()] == [DAGGER, DAGGER, "", ""]
    single = family_decide(family)
    assert [round(d.bonferroni, 12) for d in single.values()] == [0.012, 0.008, 1, 0.8]
    assert [d.significant for d in single.values()] == [False, True, False, False]
    assert (single["a"].alpha, single["a"].family, single["a"].p) == (0.01, 4, 0.003)


def test_an_adjusted_p_that_is_alpha_is_significant():
    assert family_decide({"a": 0.005, "b": 1.0})["a"].significant


@pytest.mark.parametrize("adjust", [bonferroni, holm])
def test_it_refuses_what_is_no_family(adjust):
    with pytest.raises(Undefined, match="at least one test"):
        adjust([])
    with pytest.raises(ValueError, match=r"1\.5; allowed"):
        adjust([0.1, 1.5])
    with pytest.raises(ValueError, match="nan; allowed"):
        adjust([float("nan")])
    with pytest.raises(ValueError, match="shape"):
        adjust([[0.1]])


def test_it_refuses_another_alpha_or_rule():
    with pytest.raises(ValueError, match="alpha is 1"):
        family_decide({"a": 0.1}, alpha=1)
    with pytest.raises(ValueError, match="allowed are bonferroni, holm"):
        family_decide({"a": 0.1}, rule="sidak")
