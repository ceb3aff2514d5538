"""Every registry entry can be imported, has a label and keeps its contract; counts are pinned."""

import random

import pytest

from survey import kinds, pairing
from survey.errors import SurveyInvalid
from survey.pairing.base import Candidate
from survey.registry import Entry, registry


def test_the_number_of_entries_is_known():
    assert (len(kinds.REGISTRY), len(pairing.REGISTRY)) == (1, 1)


@pytest.mark.parametrize("key", kinds.REGISTRY)
def test_a_kind_keeps_its_contract(key: str):
    kind = kinds.kind_get(key)
    assert str(kinds.REGISTRY[key].label)
    assert kind.template_name.endswith(".html")
    for answer in kind.answers:
        assert kind.answer_check(answer) == answer
        assert kind.original_preferred(answer, answer) is True
    with pytest.raises(SurveyInvalid, match="allowed"):
        kind.answer_check("perhaps")


@pytest.mark.parametrize("key", pairing.REGISTRY)
def test_a_strategy_keeps_its_contract(key: str):
    strategy = pairing.strategy_get(key)
    assert str(pairing.REGISTRY[key].label)
    choice = strategy.pair_choose({3: 0}, lambda _c: [Candidate(9, 0)], [], random.Random(1))
    assert choice is not None
    assert (choice.condition, choice.stimulus) == (3, 9)
    assert strategy.pair_choose({}, lambda _c: [], [], random.Random(1)) is None


@pytest.mark.parametrize("get", [kinds.kind_get, pairing.strategy_get])
def test_an_unknown_key_names_what_is_allowed(get):
    with pytest.raises(SurveyInvalid, match="allowed"):
        get("nonsense")


def test_a_key_cannot_be_registered_twice():
    with pytest.raises(ValueError, match="twice"):
        registry(Entry("a", "A", "a.A"), Entry("a", "B", "b.B"))
