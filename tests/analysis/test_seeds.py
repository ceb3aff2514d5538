"""Several seeds: their spread, their pooled errors, and what is refused."""

from math import sqrt

import numpy as np
import pytest

from analysis.seeds import SeedErrors, seed_difference, seeds_pool, seeds_summarise
from analysis.types import Undefined


def run(seed, errors, images="abc"):
    return SeedErrors(seed, list(images), errors)


def test_mean_and_sd_of_each_metric():
    found = seeds_summarise({"srcc": [0.5, 0.6, 0.7], "mae": [0.4]})
    assert found["srcc"].mean == pytest.approx(0.6)
    assert found["srcc"].sd == pytest.approx(0.1)
    assert (found["srcc"].n, found["mae"].sd, found["mae"].n) == (3, None, 1)


def test_images_are_averaged_whatever_their_order():
    pooled = seeds_pool([run(1, [1, 2, 3]), run(2, [30, 10, 20], "cab")])
    assert pooled.images == ("a", "b", "c")
    assert pooled.errors.tolist() == [5.5, 11, 16.5]
    assert pooled.mae == {1: 2, 2: 20}


def test_the_same_seeds_are_paired():
    model = seeds_pool([run(1, [1, 1, 1]), run(2, [3, 3, 3])])
    base = seeds_pool([run(2, [5, 5, 5]), run(1, [2, 2, 2])])
    found = seed_difference(model, base)
    # Gains 1 and 2.
    assert (found.gain, found.paired) == (1.5, True)
    assert found.sd == pytest.approx(sqrt(0.5))
    assert (found.seeds, found.baseline_seeds) == ((1, 2), (1, 2))


def test_other_seeds_are_independent():
    model = seeds_pool([run(1, [1, 1, 1]), run(2, [3, 3, 3])])
    base = seeds_pool([run(3, [5, 5, 5]), run(4, [8, 8, 8]), run(5, [8, 8, 8])])
    found = seed_difference(model, base)
    assert (found.gain, found.paired) == (5, False)
    assert found.sd == pytest.approx(sqrt(2 + 3))


def test_the_sd_of_seeds_is_recovered():
    rng = np.random.default_rng(2)
    sds = []
    for _ in range(400):
        shared = rng.normal(10, 1, 8)
        model = seeds_pool([run(s, [shared[s] + rng.normal(0, 0.3)] * 3) for s in range(8)])
        base = seeds_pool([run(s, [shared[s] + rng.normal(0, 0.4)] * 3) for s in range(8)])
        sds.append(seed_difference(model, base).sd ** 2)
    assert np.mean(sds) == pytest.approx(0.25, rel=0.1)


def test_one_seed_has_no_sd():
    one, other = seeds_pool([run(1, [1, 1, 1])]), seeds_pool([run(2, [2, 2, 2])])
    assert seed_difference(one, one).sd is None
    two = seeds_pool([run(1, [1, 1, 1]), run(3, [2, 2, 2])])
    assert seed_difference(two, other).sd is None


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([run(1, [1, 2, 3]), run(2, [1, 2, 3], "abd")], r"model, seed 2: 2 images .*\(c, d\)"),
        ([run(1, [1, 2, 3]), run(2, [1, 2], "ab")], r"1 images are not on both sides \(c\)"),
        ([run(1, [1, 2, 3]), run(1, [1, 2, 3])], "seed twice"),
        ([run(1, [1, 2, 3], "aba")], "named twice"),
        ([run(1, [1, 2])], "3 images have errors of shape"),
        ([run(1, [1, 2, float("nan")])], "finite numbers from 0"),
        ([run(1, [1, 2, -1])], "finite numbers from 0"),
    ],
)
def test_it_refuses_what_cannot_be_pooled(runs, message):
    with pytest.raises(ValueError, match=message):
        seeds_pool(runs)


def test_it_refuses_nothing():
    with pytest.raises(Undefined, match="at least one seed"):
        seeds_pool([])
    with pytest.raises(Undefined, match="at least one image"):
        seeds_pool([run(1, [], "")])
    with pytest.raises(Undefined, match="srcc needs at least one seed"):
        seeds_summarise({"srcc": []})
    with pytest.raises(ValueError, match="srcc must be a finite"):
        seeds_summarise({"srcc": [float("nan")]})
    with pytest.raises(ValueError, match="shape"):
        seeds_summarise({"srcc": [[0.1]]})
