"""Every family of features gives features with names, over pairs as they are."""

import random

import pytest

from survey import blinding
from survey.blinding.audit import traits
from survey.blinding.base import Shown
from survey.blinding.server import site_serve
from survey.blinding.walk import pairs_fetch
from tests.factories import survey_make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shown() -> list[Shown]:
    survey = survey_make(photos=7, trials=8, photo_repeats=6)
    with site_serve() as site:
        return pairs_fetch(survey, site, pairs=10, rng=random.Random(1))


def test_families_keep_their_contract(shown: list[Shown]):
    """One walk serves them all; a name is one feature, and its values are those of all pairs."""
    names = []
    for key, entry in blinding.REGISTRY.items():
        assert str(entry.label)
        given = list(traits(key, shown))
        assert given, key
        for trait in given:
            names.append(trait.name)
            columns = (
                [trait.feature.values]
                if hasattr(trait.feature, "values")
                else [trait.feature.left, trait.feature.right]
            )
            assert {len(column) for column in columns} == {len(shown)}
    assert len(blinding.REGISTRY) == 9
    assert len(set(names)) == len(names) >= 40


def test_a_walk_sees_what_a_participant_sees(shown: list[Shown]):
    assert [each.trial.participant for each in shown] == [0] * 8 + [1] * 2
    assert [each.trial.place for each in shown] == [*range(8), 0, 1]
    assert len({each.trial.token for each in shown}) == 10
    for each in shown:
        left, right = each.trial.sides
        assert left.picture.digest != right.picture.digest
        assert left.sent == right.sent
        assert left.asked_first != right.asked_first
        # The original is the side that the database says: its file is the one without a condition.
        assert each.truth.photo.startswith("photo-")
