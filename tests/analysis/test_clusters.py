"""Mean errors by reference."""

import numpy as np
import pytest

from analysis.clusters import cluster_means
from analysis.types import Undefined


def test_copies_of_a_reference_become_one_number():
    names, means = cluster_means([1, 2, 3, 10, 20], ["b", "a", "b", "a", "a"])
    assert names == ("a", "b")
    np.testing.assert_allclose(means, [(2 + 10 + 20) / 3, (1 + 3) / 2])


def test_images_in_another_order_give_the_same():
    rng = np.random.default_rng(1)
    errors, of = rng.random(40), [f"r{n}" for n in rng.integers(0, 5, 40)]
    order = rng.permutation(40)
    again = cluster_means(errors[order], [of[at] for at in order])
    assert again[0] == cluster_means(errors, of)[0]
    np.testing.assert_allclose(again[1], cluster_means(errors, of)[1])


def test_what_has_no_mean_is_refused():
    with pytest.raises(ValueError, match="2 references"):
        cluster_means([1.0], ["a", "b"])
    with pytest.raises(Undefined, match="none"):
        cluster_means([], [])
