"""Whose votes are asked for: what the API's description allows is what is taken."""

import re
from itertools import product

import pytest
from rest_framework.exceptions import ValidationError

from survey.api.queries import OriginsQuery
from survey.errors import SurveyInvalid
from survey.models import Origin
from survey.origins import OTHERS, PATTERN, origins_parse, origins_text

PARTS = ("simulated", "test", "person", "", ",", " ", "test\n", "Test")


def test_everybody_but_participants_can_be_asked_for():
    assert {*OTHERS, Origin.PERSON} == set(Origin.values)
    assert origins_parse("") == {Origin.PERSON}
    assert origins_parse("test,simulated") == set(Origin.values)
    assert origins_text(origins_parse("test,simulated")) == "simulated,test"


def is_taken(text: str) -> bool:
    try:
        return bool(origins_parse(text))
    except SurveyInvalid:
        return False


def test_description_and_rule_agree():
    texts = {"".join(parts) for parts in product(PARTS, repeat=3)} - {""}
    described = {text for text in texts if re.fullmatch(PATTERN, text)}
    assert {text for text in texts if is_taken(text)} == described
    assert described == {"simulated", "test", *map(",".join, product(OTHERS, repeat=2))}


def test_the_api_refuses_in_the_words_of_the_rule():
    query = OriginsQuery(data={"include": "robots"})
    with pytest.raises(ValidationError) as refused:
        query.is_valid(raise_exception=True)
    said = "'robots' cannot be included; allowed are: simulated, test."
    assert refused.value.detail == {"include": [said]}
