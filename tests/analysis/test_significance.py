"""A table's models against its baseline, with one training each and with several."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from analysis.effect_sizes import effect_sizes
from analysis.seeds import SeedErrors
from analysis.significance import models_compare, seeds_compare
from analysis.wilcoxon import signed_ranks

UNIT = "points of 1..10"


@pytest.fixture
def errors():
    """Errors of a baseline, of a clearly better model, and of one that is hardly better."""
    rng = np.random.default_rng(7)
    base = rng.gamma(2, 0.25, 400)
    noise = rng.normal(0, 0.1, (2, 400))
    return base, np.abs(base - 0.05 + noise[0]), np.abs(base - 0.012 + noise[1])


def test_a_family_has_tests_sizes_and_daggers(errors):
    base, better, hardly = errors
    models = {"better": better, "hardly": hardly, "same": base}
    found = models_compare(models, base, unit=UNIT)
    assert found["better"].test == signed_ranks(better, base)
    assert found["better"].effects == effect_sizes(better, base, unit=UNIT)
    assert [each.decision.mark for each in found.values()] == ["†", "", ""]
    assert found["hardly"].decision.family == 3
    assert found["hardly"].decision.bonferroni == min(1, 3 * found["hardly"].test.p)
    assert found["same"].test.p == 1
    assert found["same"].seeds is None


def test_options_reach_the_test_and_the_decision(errors):
    base, better, hardly = errors
    hardly = np.where(np.arange(400) % 4 == 0, base, hardly)
    found = models_compare(
        {"better": better, "hardly": hardly},
        base,
        unit=UNIT,
        alpha=0.2,
        rule="holm",
        zeros="pratt",
        continuity=True,
    )
    assert found["hardly"].test == signed_ranks(hardly, base, zeros="pratt", continuity=True)
    assert found["hardly"].effects == effect_sizes(hardly, base, unit=UNIT, zeros="pratt")
    assert (found["hardly"].decision.alpha, found["hardly"].decision.rule) == (0.2, "holm")


def test_a_result_is_json(errors):
    base, better, _hardly = errors
    (found,) = models_compare({"better": better}, base, unit=UNIT).values()
    text = json.dumps(asdict(found), allow_nan=False)
    assert json.loads(text)["test"]["n"] == 400


def test_seeds_are_pooled_before_the_test(errors):
    base, better, hardly = errors
    names = [f"photo{place}" for place in range(400)]
    turned = list(reversed(range(400)))
    models = {
        "both": [
            SeedErrors(1, names, better),
            SeedErrors(2, [names[place] for place in turned], hardly[turned]),
        ]
    }
    found = seeds_compare(
        models, [SeedErrors(1, names, base), SeedErrors(2, names, base)], unit=UNIT
    )["both"]
    assert found.test == signed_ranks((better + hardly) / 2, base)
    assert found.test.n == 400
    gains = [base.mean() - better.mean(), base.mean() - hardly.mean()]
    assert found.seeds.paired
    assert found.seeds.gain == pytest.approx(np.mean(gains))
    assert found.seeds.gain == pytest.approx(found.effects.mae_gain)
    assert found.seeds.sd == pytest.approx(np.std(gains, ddof=1))


def test_the_order_of_images_changes_nothing(errors):
    base, better, _hardly = errors
    names = [f"photo{place}" for place in range(400)]
    order = np.random.default_rng(1).permutation(400)
    moved = SeedErrors(1, [names[place] for place in order], better[order])
    straight = SeedErrors(1, names, better)
    baseline = [SeedErrors(1, names, base)]
    assert seeds_compare({"m": [moved]}, baseline, unit=UNIT) == seeds_compare(
        {"m": [straight]}, baseline, unit=UNIT
    )


def test_it_refuses_another_set_of_images():
    with pytest.raises(ValueError, match=r"ranking: 2 images are not on both sides \(a, c\)"):
        seeds_compare(
            {"ranking": [SeedErrors(1, ["b", "c"], [1, 2])]},
            [SeedErrors(1, ["a", "b"], [1, 2])],
            unit=UNIT,
        )
