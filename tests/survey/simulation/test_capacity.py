"""How many votes are possible: what is promised comes about, and what is refused says why."""

import random
from collections import Counter

import pytest

from survey.models import Survey
from survey.simulation.capacity import (
    Capacity,
    capacity_check,
    capacity_get,
    capacity_said,
    pairs_certain,
)
from survey.simulation.errors import SimulationRefused
from tests.factories import survey_make

SURVEY = Survey(slug="study", pairs_expected=6800)


def capacity_make(**changes: int) -> Capacity:
    given = {
        "annotators": 73, "votes": 6182, "quota": 85, "pairs": 85, "photos": 85, "repeats": 1,
        "ready": 6800, "expected": 6800,
    }  # fmt: skip
    return Capacity(**{**given, **changes})


def test_the_papers_numbers_need_85_photos_a_person():
    enough = capacity_make()
    capacity_check(SURVEY, enough)
    assert capacity_said(enough) == (
        "73 annotators x 85 pairs = 6205 votes possible, 6182 asked; 6800 of 6800 pairs are ready"
    )
    with pytest.raises(SimulationRefused) as refused:
        capacity_check(SURVEY, capacity_make(photos=84, pairs=84))
    assert str(refused.value) == (
        "6182 votes by 73 annotators need 85 pairs a person, and 84 photos, each for a person "
        "1 times at most, give 84 (6800 of 6800 pairs are ready): add photos, raise "
        "photo_repeats, take 74 annotators or more, or ask for 6132 votes at most."
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"quota": 20, "pairs": 85},
            "the quota is 20: set trials to 85, take 310 annotators or more, or ask for 1460 votes",
        ),
        (
            {"quota": 20, "pairs": 7, "photos": 7},
            "the quota is 20, and 7 photos, each for a person 1 times at most, give 7: set trials "
            "to 85 and add photos or raise photo_repeats, take 884 annotators or more, or ask for "
            "511 votes at most.",
        ),
        (
            {"annotators": 10, "quota": 85},
            "need 619 pairs a person, and no session may be that long: take 73 annotators or more",
        ),
        (
            {"ready": 0, "pairs": 0, "photos": 0},
            "0 of 6800 pairs of survey study are ready; wait until a worker has rendered them.",
        ),
    ],
)
def test_too_little_is_one_sentence_with_what_would_help(changes: dict[str, int], said: str):
    with pytest.raises(SimulationRefused) as refused:
        capacity_check(SURVEY, capacity_make(**changes))
    assert said in str(refused.value)
    assert str(refused.value).count(". ") == 0


def test_what_is_named_as_a_way_out_is_one():
    for changes in ({"annotators": 310, "quota": 20}, {"votes": 1460, "quota": 20}):
        capacity_check(SURVEY, capacity_make(**changes))


def test_votes_are_split_as_evenly_as_they_can_be():
    shares = capacity_make().shares()
    assert (len(shares), sum(shares)) == (73, 6182)
    assert set(shares) == {84, 85}


def session_simulate(photos: int, each: int, repeats: int, gap: int, rng: random.Random) -> int:
    """Show pairs as leases do, but in any order; return how many until nothing is left."""
    shown: list[int] = []
    turns: Counter[int] = Counter()
    while True:
        recent = shown[-gap:] if gap else []
        left = [p for p in range(photos) if turns[p] < min(each, repeats) and p not in recent]
        if not left:
            return len(shown)
        # Mostly the same few photos first: the unluckiest orders leave one photo for the end.
        photo = left[0] if rng.random() < 0.8 else rng.choice(left)
        turns[photo] += 1
        shown.append(photo)


@pytest.mark.parametrize(
    ("photos", "each", "repeats", "gap"),
    [(7, 80, 12, 3), (4, 6, 1, 3), (5, 2, 9, 1), (3, 9, 4, 5), (6, 80, 3, 0), (2, 5, 5, 1)],
)
def test_no_order_of_pairs_gives_a_person_less_than_is_promised(photos, each, repeats, gap):
    promised = pairs_certain([each] * photos, repeats=repeats, gap=gap)
    rng = random.Random(1)
    found = [session_simulate(photos, each, repeats, gap, rng) for _time in range(300)]
    assert min(found) >= promised > 0
    if repeats == 1 or gap == 0:
        assert max(found) == promised


def test_the_survey_is_asked_in_two_queries(db, django_assert_num_queries):
    survey = survey_make(photos=5, trials=30, photo_repeats=2, photo_gap=1)
    with django_assert_num_queries(2):
        capacity = capacity_get(survey, annotators=3, votes=20)
    assert (capacity.photos, capacity.pairs, capacity.each) == (5, 9, 9)
    assert (capacity.ready, capacity.expected) == (30, 30)
