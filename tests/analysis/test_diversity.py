"""Effective numbers against closed forms, printed formulas in high precision, and simulation."""

import gzip
from fractions import Fraction
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from analysis.diversity import effective_number, effective_number_grouped
from analysis.types import Undefined

SKEWED = (31, 17, 9, 6, 4, 3, 2, 2, 2, 1, 1, 1, 1, 1)


def rng() -> np.random.Generator:
    return np.random.default_rng(20210619)


def number(counts, order: int) -> float:
    return effective_number(counts, order=order, rng=rng(), draws=5).value


def entropy_as_printed(counts) -> float:
    """Chao, Wang and Jost's estimator as printed, its difference in exact fractions."""
    n = sum(counts)
    first = sum(
        Fraction(x, n) * sum((Fraction(1, k) for k in range(x, n)), Fraction()) for x in counts
    )
    once, twice = counts.count(1), counts.count(2)
    if twice:
        a = Fraction(2 * twice, (n - 1) * once + 2 * twice)
    else:
        a = Fraction(2, (n - 1) * (once - 1) + 2)
    if once == 0 or a == 1:
        return float(first)
    # -log a = the sum of (1-a)^r / r over all r: the tail from r = n on, to 1e-18 of itself.
    z, tail, r = float(1 - a), 0.0, n
    while (term := z ** (r - n + 1) / r) > 1e-18:
        tail += term
        r += 1
    return float(first) + once / n * tail


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("kinds", [2, 7, 100])
def test_equally_common_kinds_are_counted(order: int, kinds: int):
    estimate = effective_number([10_000] * kinds, order=order, rng=rng())
    assert estimate.value == pytest.approx(kinds, rel=1e-3)
    assert estimate.low < estimate.value < estimate.high
    assert estimate.n == 10_000 * kinds


@pytest.mark.parametrize(
    "counts",
    [SKEWED, (5, 4, 3), (1, 1, 1, 1), (1, 9, 4), (2, 2, 2, 1), (2,) * 40 + (1,), (1, 1, 8, 8)],
)
def test_order_1_equals_the_printed_formula(counts):
    assert log(number(counts, 1)) == pytest.approx(entropy_as_printed(list(counts)), rel=1e-8)


def test_order_2_is_one_over_the_chance_of_a_pair_of_one_kind():
    items = [kind for kind, count in enumerate(SKEWED) for _item in range(count)]
    pairs = [(a, b) for i, a in enumerate(items) for b in items[i + 1 :]]
    same = sum(a == b for a, b in pairs)
    assert number(SKEWED, 2) == pytest.approx(len(pairs) / same, rel=1e-12)


def test_order_2_of_a_large_collection_does_not_overflow():
    counts = np.full(3, 4_000_000_000)
    assert number(counts, 2) == pytest.approx(3, rel=1e-6)


@pytest.mark.parametrize("order", [1, 2])
def test_the_order_of_kinds_and_empty_kinds_do_not_matter(order: int):
    counts = np.array(SKEWED)
    before = counts.copy()
    shuffled = np.concatenate([rng().permutation(counts), [0, 0, 0]])
    assert number(shuffled, order) == pytest.approx(number(counts, order), rel=1e-12)
    np.testing.assert_array_equal(counts, before)


def test_one_kind_is_one():
    for order in (1, 2):
        estimate = effective_number([50], order=order, rng=rng())
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx((1, 1, 1))


def test_the_same_seed_gives_the_same_interval():
    assert effective_number(SKEWED, order=1, rng=rng()) == effective_number(
        SKEWED, order=1, rng=rng()
    )


@pytest.mark.parametrize("order", [1, 2])
def test_one_thing_a_photo_is_the_plain_case(order: int):
    rows = np.repeat(np.eye(len(SKEWED), dtype=int), SKEWED, axis=0)
    grouped = effective_number_grouped(rows, order=order, rng=rng())
    assert grouped.value == pytest.approx(number(SKEWED, order))
    assert grouped.n == sum(SKEWED)


def test_things_that_come_together_widen_the_interval():
    rows = rng().multinomial(1, [0.4, 0.3, 0.2, 0.1], size=400)
    apart = effective_number_grouped(rows, order=2, rng=rng())
    # Every second photo with the things of two: as many things, half as many photos that count.
    together = effective_number_grouped(2 * rows[:200], order=2, rng=rng())
    wide = log(together.high / together.low) / log(apart.high / apart.low)
    assert 1.2 < wide < 1.7


@pytest.mark.parametrize(
    ("counts", "order", "said"),
    [([], 1, "at least two items; there are 0"), ([1], 2, "at least two items; there are 1"),
     ([1, 1, 1], 2, "a kind that occurs twice")],
)  # fmt: skip
def test_what_the_counts_do_not_define_is_said(counts, order: int, said: str):
    with pytest.raises(Undefined, match=said):
        effective_number(counts, order=order, rng=rng())


@pytest.mark.parametrize(
    ("counts", "options", "said"),
    [([3, -1], {}, "whole numbers from 0"), ([0.5, 2], {}, "whole numbers from 0"),
     ([3, 4], {"order": 0}, "order is 0"), ([3, 4], {"confidence": 1.0}, "confidence is 1.0"),
     ([[3, 4]], {}, "2 axes; they must have 1")],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(counts, options, said: str):
    with pytest.raises(ValueError, match=said):
        effective_number(counts, **{"order": 1, "rng": rng(), **options})


@pytest.mark.parametrize("order", [1, 2])
def test_the_interval_covers_what_it_should(order: int):
    """Geometric distribution over 400 kinds, 1000 items: 11 items an effective kind."""
    p = 0.97 ** np.arange(400)
    p /= p.sum()
    true = exp(-(p * np.log(p)).sum()) if order == 1 else 1 / (p * p).sum()
    random = rng()
    found = [
        effective_number(random.multinomial(1000, p), order=order, rng=random, draws=60)
        for _study in range(200)
    ]
    hits = sum(each.low <= true <= each.high for each in found)
    # Nominal 190; 173 is its 0.0001 % quantile, given 5 samples fewer for the bias of order 1.
    assert hits >= 168
    assert np.mean([each.value for each in found]) == pytest.approx(true, rel=0.03)


def test_grouped_intervals_cover_what_they_should():
    """Photos with 0 to 3 things, of which those on one photo are of one of two sorts."""
    random = rng()
    sorts = np.array([[0.5, 0.3, 0.2, 0, 0, 0], [0, 0, 0, 0.6, 0.3, 0.1]])
    true = 1 / (sorts.mean(axis=0) ** 2).sum()
    hits = 0
    for _study in range(200):
        things, sort = random.integers(0, 4, 300), random.integers(0, 2, 300)
        rows = np.array(
            [random.multinomial(n, sorts[s]) for n, s in zip(things, sort, strict=True)]
        )
        estimate = effective_number_grouped(rows, order=2, rng=random, draws=60)
        hits += estimate.low <= true <= estimate.high
    assert hits >= 174


def test_the_paper_authors_classes(shared: Path):
    path = shared / "data" / "authors" / "most_common_dataset_classes.tsv.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    counts = [int(line.split("\t")[0]) for line in lines]
    assert len(counts) == 998
    first = effective_number(counts, order=1, rng=rng())
    second = effective_number(counts, order=2, rng=rng())
    # 131,094 photos: nearly the plain entropy and concentration of the shares.
    p = np.array(counts) / sum(counts)
    assert first.value == pytest.approx(exp(-(p * np.log(p)).sum()), rel=0.01)
    assert second.value == pytest.approx(1 / (p * p).sum(), rel=0.01)
    assert (round(first.value), round(second.value)) == (426, 211)
