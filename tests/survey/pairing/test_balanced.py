"""The sampler, by simulation: balance is a property, not an example."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.pairing.balanced import Balanced, original_left
from survey.pairing.base import Candidate, Shown


def run_person(rng: random.Random, counts: Counter, trials: int, photos: int) -> list[Shown]:
    """One person judges `trials` pairs, each photo at most once."""
    seen: set[int] = set()
    history: list[Shown] = []
    for _trial in range(trials):
        choice = Balanced().pair_choose(
            counts,
            lambda condition: [
                Candidate(condition * 1000 + photo, 0)
                for photo in range(photos)
                if photo not in seen
            ],
            history,
            rng,
        )
        if choice is None:
            break
        counts[choice.condition] += 1
        seen.add(choice.stimulus % 1000)
        history.append(Shown(choice.condition, choice.original_left))
    return history


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    conditions=st.integers(1, 80),
    people=st.integers(1, 6),
    trials=st.integers(1, 60),
)
def test_conditions_never_differ_by_more_than_one(seed, conditions, people, trials):
    rng = random.Random(seed)
    counts = Counter(dict.fromkeys(range(conditions), 0))
    for _person in range(people):
        run_person(rng, counts, trials, photos=60)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert sum(counts.values()) == people * trials


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), trials=st.integers(1, 200))
def test_sides_stay_balanced_within_a_person(seed, trials):
    rng = random.Random(seed)
    history = run_person(rng, Counter(dict.fromkeys(range(200), 0)), trials, photos=1000)
    lead = 0
    for trial in history:
        lead += 1 if trial.original_left else -1
        assert abs(lead) <= 5


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), conditions=st.integers(1, 5), trials=st.integers(1, 60))
def test_sides_stay_balanced_within_a_condition(seed, conditions, trials):
    rng = random.Random(seed)
    history = run_person(rng, Counter(dict.fromkeys(range(conditions), 0)), trials, photos=1000)
    for condition in range(conditions):
        same = [trial.original_left for trial in history if trial.condition == condition]
        assert abs(2 * sum(same) - len(same)) <= 4


def test_the_first_side_is_a_fair_draw():
    rng = random.Random(7)
    lefts = sum(original_left(0, [], rng) for _draw in range(4000))
    # Four standard deviations of a binomial.
    assert abs(lefts - 2000) < 4 * 31.7


@pytest.mark.parametrize("conditions", [1, 2, 5, 80])
def test_the_next_side_cannot_be_told(conditions: int):
    """Who knew every earlier side and the rule would still be wrong in a third of the trials."""
    rng = random.Random(11)
    hits = Counter()
    for _person in range(300):
        counts = Counter(dict.fromkeys(range(conditions), 0))
        history = run_person(rng, counts, 40, photos=60)
        for n, trial in enumerate(history):
            same = [t.original_left for t in history[:n] if t.condition == trial.condition]
            lead = 2 * sum(same) - len(same)
            lead = lead or 2 * sum(t.original_left for t in history[:n]) - n
            hits[(lead < 0) == trial.original_left if lead else rng.random() < 0.5] += 1
    assert hits[True] / hits.total() < 0.67


def test_it_takes_the_photo_shown_least():
    choice = Balanced().pair_choose(
        {1: 0},
        lambda _c: [Candidate(10, 3), Candidate(11, 1), Candidate(12, 2)],
        [],
        random.Random(1),
    )
    assert choice is not None
    assert choice.stimulus == 11


def test_it_passes_over_a_condition_without_photos():
    choice = Balanced().pair_choose(
        {1: 0, 2: 5}, lambda c: [] if c == 1 else [Candidate(7, 0)], [], random.Random(1)
    )
    assert choice is not None
    assert choice.condition == 2


def test_it_ends_when_nothing_is_left():
    assert Balanced().pair_choose({1: 0}, lambda _c: [], [], random.Random(1)) is None
