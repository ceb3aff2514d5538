"""Opening, closing and previewing on a survey's page: for admins, by POST, written down."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from survey.models import AuditEntry, Session, Survey
from survey.services.surveys import survey_create
from tests.factories import survey_make
from tests.people import Annotator
from tests.survey.dashboard.test_pages import text_of

PAGE, OPEN, CLOSE = (f"/dashboard/surveys/study/{end}" for end in ("", "open/", "close/"))


def page_of(client: Client) -> str:
    return text_of(client.get(PAGE).content.decode())


def state_now() -> str:
    return Survey.objects.get(slug="study").state


@pytest.fixture
def draft(db: None) -> Survey:
    return survey_make(state="draft")


def test_a_draft_is_opened_closed_and_opened_again(draft: Survey, manager: Client):
    assert "everybody with the survey's address can take part." in page_of(manager)
    for address, state, said in (
        (OPEN, "open", "The survey is open."),
        (CLOSE, "closed", "The survey is closed."),
        (OPEN, "open", "The survey is open."),
    ):
        answer = manager.post(address, follow=True)
        assert answer.redirect_chain == [(PAGE, 302)]
        assert said in text_of(answer.content.decode())
        assert state_now() == state
    entries = AuditEntry.objects.order_by("pk")
    assert [(entry.action, entry.detail["before"]) for entry in entries] == [
        ("survey.open", "draft"),
        ("survey.close", "open"),
        ("survey.open", "closed"),
    ]
    assert {(entry.target_kind, entry.target_id, entry.target_label) for entry in entries} == {
        ("survey", "study", "A study")
    }


def test_what_each_button_does_is_said(survey: Survey, manager: Client):
    assert "nobody can vote any more, answers are kept, and people on a page" in page_of(manager)
    asked = text_of(manager.get(CLOSE).content.decode())
    assert "Close A study?" in asked
    assert "Every answer is kept" in asked
    Survey.objects.update(state="closed")
    assert "whoever was in the middle when it closed goes on where they were" in page_of(manager)


def test_doing_it_twice_changes_nothing_more(survey: Survey, manager: Client):
    assert "The survey was open already." in manager.post(OPEN, follow=True).content.decode()
    manager.post(CLOSE)
    for again in (manager.post(CLOSE, follow=True), manager.get(CLOSE, follow=True)):
        assert "The survey was not open; nothing was changed." in again.content.decode()
    assert AuditEntry.objects.count() == 1


def test_a_draft_without_a_pair_is_not_opened(db: None, manager: Client):
    survey_create("study", title="A study")
    assert "It cannot be opened: it has no pair to show" in page_of(manager)
    assert OPEN not in manager.get(PAGE).content.decode()
    answer = manager.post(OPEN, follow=True).content.decode()
    assert "The survey study cannot be opened: it has no pair to show" in answer
    assert state_now() == "draft"
    assert not AuditEntry.objects.exists()


def test_it_opens_while_its_pictures_are_being_prepared(db: None, manager: Client):
    survey_create("study", title="A study")
    Survey.objects.update(pairs_expected=80)
    page = manager.get(PAGE).content.decode()
    assert "Its first pairs are being prepared" in page
    assert reverse("survey:start", args=["study"]) not in page
    manager.post(OPEN)
    assert state_now() == "open"


def test_analysts_look_and_preview(draft: Survey, analyst: Client):
    page = analyst.get(PAGE).content.decode()
    assert "An admin can open it." in page
    assert reverse("survey:start", args=["study"]) in page
    assert OPEN not in page
    assert analyst.post(OPEN).status_code == 403
    Survey.objects.update(state="open")
    assert CLOSE not in analyst.get(PAGE).content.decode()
    assert analyst.get(CLOSE).status_code == analyst.post(CLOSE).status_code == 403
    assert state_now() == "open"


@pytest.mark.parametrize("address", [OPEN, CLOSE])
def test_it_needs_a_log_in_and_the_token_of_the_page(
    survey: Survey, client: Client, manager: Client, address: str
):
    assert client.post(address).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = manager.cookies
    assert strict.post(address).status_code == 403
    assert state_now() == "open"


def test_opening_takes_a_post(survey: Survey, manager: Client):
    assert manager.get(OPEN).status_code == 405
    assert manager.post("/dashboard/surveys/nothing/open/").status_code == 404


def test_who_was_in_the_middle_goes_on(survey: Survey, manager: Client, annotator: Annotator):
    annotator.vote(annotator.pair()["trials"][0]["token"])
    manager.post(CLOSE)
    assert annotator.pair()["state"] == "done"
    manager.post(OPEN)
    assert (annotator.pair()["state"], annotator.pair()["done"]) == ("pair", 1)


def test_a_preview_of_a_draft_that_runs_out_does_not_say_closed(draft: Survey, admin: Client):
    Survey.objects.update(settings={**draft.settings, "trials": 30})
    person = Annotator(draft, origin="test")
    person.client.cookies.update(admin.cookies)
    state = person.pair()
    while state["state"] == "pair":
        state = person.vote(state["trials"][0]["token"]).json()
    assert Session.objects.get().end == "exhausted"
    said = person.client.get("/s/study/done/").content.decode()
    assert "There are no more pairs for you" in said
    assert "closed meanwhile" not in said


@pytest.mark.parametrize(
    ("access", "said"),
    [("open", "anybody with the link can take part"), ("invite", "whoever holds an unused invite")],
)
def test_the_page_says_once_who_can_take_part(db: None, admin: Client, access: str, said: str):
    survey_make(access=access)
    page = page_of(admin)
    assert said in page
    assert len(re.findall("Participants are not verified", page)) == 1
    assert ("anybody with the link" in page) is (access == "open")
