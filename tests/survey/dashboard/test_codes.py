"""Checking a completion code: yes with the day, or no; for analysts, and only so often."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from survey.dashboard import codes
from survey.models import Origin, Session, Survey
from tests.factories import session_make, survey_make
from tests.people import Annotator

CHECK = "/dashboard/surveys/study/code/"


@pytest.fixture
def code(annotator: Annotator) -> str:
    """What a person was given who judged all pairs."""
    state = annotator.pair()
    while state["state"] == "pair":
        state = annotator.vote(state["trials"][0]["token"]).json()
    annotator.session.refresh_from_db()
    return annotator.session.completion_code


def answer(client: Client, code: str, where: str = CHECK) -> str:
    page = client.post(where, {"code": code}, follow=True)
    assert page.redirect_chain == [(where.removesuffix("code/"), 302)]
    (said,) = page.context["messages"]
    return str(said)


def test_a_code_is_known_with_its_day_however_it_is_typed(analyst: Client, code: str):
    today = date_format(timezone.now())
    for typed in (code, code.lower(), code.replace("-", ""), f"  {code[:4]} - {code[5:]} "):
        said = answer(analyst, typed)
        assert said.startswith("Yes: this survey gave the code")
        assert today in said
        # A time of day would tell whose votes they are.
        assert ":" not in said.removeprefix("Yes:")


@pytest.mark.parametrize("typed", ["2345-6789", "2345", "<b>x</b>", "ä" * 8, "%" * 8, "x" * 5000])
def test_other_codes_are_not(analyst: Client, code: str, typed: str):
    said = answer(analyst, typed)
    assert said.startswith("No: this survey gave nobody the code")
    page = analyst.post(CHECK, {"code": typed}, follow=True).content.decode()
    assert "<b>x</b>" not in page.lower()


def test_nothing_typed_is_no_code(analyst: Client, annotator: Annotator):
    # The many sessions without one all have the empty code.
    assert answer(analyst, "  ") == "There is no code; type one."
    assert answer(analyst, "-").startswith("No:")


def test_a_code_is_good_in_its_own_survey_and_of_people_only(analyst: Client, code: str):
    survey_make("other", photos=1)
    assert answer(analyst, code, "/dashboard/surveys/other/code/").startswith("No:")
    Session.objects.update(finished_at=None)
    assert "goes on at present" in answer(analyst, code)
    preview = session_make(Survey.objects.get(slug="study"), origin=Origin.TEST)
    Session.objects.filter(pk=preview.pk).update(completion_code="BCDF-GHJK")
    assert answer(analyst, "BCDF-GHJK").startswith("No:")


def test_it_is_for_analysts_by_form(client: Client, analyst: Client, outsider: Client, code: str):
    assert client.post(CHECK, {"code": code}).status_code == 302
    assert outsider.post(CHECK, {"code": code}).status_code == 403
    assert analyst.get(CHECK).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = analyst.cookies
    assert strict.post(CHECK, {"code": code}).status_code == 403
    assert analyst.post("/dashboard/surveys/nowhere/code/", {"code": code}).status_code == 404
    assert f'action="{CHECK}"' in analyst.get("/dashboard/surveys/study/").content.decode()


def test_codes_are_not_tried_out(analyst: Client, code: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(codes, "A_MINUTE", 3)
    cache.clear()
    said = [answer(analyst, code) for _try in range(5)]
    # The clock may turn to a new minute in between.
    assert sum(each.startswith("Too many codes in one minute") for each in said) in {1, 2}
    cache.clear()
