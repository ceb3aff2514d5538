"""Undo, skip and breaks that have not arrived: they wait in the browser as votes do."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from survey.models import Assignment, Break, Session, Survey, Vote
from survey.services.votes import Viewing, vote_record, vote_undo
from tests.browser.conftest import Visitor, come_back
from tests.browser.test_durability import WAITING, balanced, choose_at_once, sent, sides
from tests.people import VIEWING

KEPT = "Object.keys(localStorage).map((key) => key.split(':')[2]).sort().join()"


@pytest.fixture
def visitor(study: Survey, visit) -> Visitor:
    """Has judged one pair, and has the next two."""
    made = visit()
    made.to_first_pair()
    made.choose("left")
    sent(made.page)
    made.loaded(3)
    return made


def cut(page: Page, *operations: str) -> None:
    for operation in operations:
        page.route(f"**/{operation}/", lambda route: route.abort())


def test_a_choice_taken_back_without_a_line_comes_back_after_a_reload(study, visitor: Visitor):
    page = visitor.page
    second = visitor.pair()
    cut(page, "undo")
    choose_at_once(page, "u")
    page.wait_for_selector("text=No connection. Trying again")
    assert page.evaluate(KEPT) == "undo"
    # Not a choice that is kept to send again.
    assert page.evaluate(WAITING) == 0
    order = come_back(page, "undo")
    page.wait_for_selector("text=Here is your last pair again")
    assert visitor.pair() != second
    assert (order[:2], page.evaluate(KEPT)) == (["undo", "pair"], "")
    visitor.choose("right")
    vote = Vote.objects.get()
    assert (vote.chosen_side, vote.first_chosen_side, vote.revised) == ("right", "left", True)
    assert visitor.pair() == second
    balanced(study)


def test_an_undo_that_came_too_late_is_said(study, visitor: Visitor):
    page = visitor.page
    cut(page, "undo")
    choose_at_once(page, "u")
    page.wait_for_selector("text=No connection. Trying again")
    # Another tab took the choice back meanwhile, and chose anew.
    session = Session.objects.get()
    vote_undo(session, token=Assignment.objects.get(state="voted").token)
    again = Assignment.objects.get(state="voted").revision_token
    vote_record(session, token=again, answer="right", viewing=Viewing(**VIEWING))
    come_back(page, "undo")
    page.wait_for_selector("text=Only your last answer can be taken back, and only once.")
    assert (sides(), page.evaluate(KEPT)) == (["right"], "")
    visitor.choose("left")
    balanced(study)


def test_a_break_without_a_line_keeps_its_place_among_the_votes(study, visitor: Visitor):
    page = visitor.page
    cut(page, "votes", "breaks")
    choose_at_once(page, "2")
    page.wait_for_selector("text=kept to send again: 1")
    visitor.pair()
    choose_at_once(page, "p")
    page.wait_for_selector("text=You have judged 2 of 20")
    page.click("text=Go on")
    visitor.pair()
    choose_at_once(page, "1")
    page.wait_for_selector("text=kept to send again: 2")
    assert page.evaluate(KEPT) == "break,break,vote,vote"
    order = come_back(page, "votes", "breaks")
    visitor.pair()
    assert order[:5] == ["votes", "breaks", "breaks", "votes", "pair"]
    taken = Break.objects.get()
    assert (taken.after_trials, taken.ended_at is None) == (2, False)
    assert (sides(), page.evaluate(KEPT)) == (["left", "right", "left"], "")
    assert page.inner_text(".count") == "4 of 20"
    balanced(study)


def test_a_break_that_could_not_be_noted_keeps_nobody_from_going_on(study, visitor: Visitor):
    page = visitor.page
    cut(page, "breaks")
    choose_at_once(page, "p")
    page.wait_for_selector("text=You have judged 1 of 20")
    page.click("text=Go on")
    visitor.pair()
    page.wait_for_selector("text=No connection. Trying again")
    assert page.get_attribute("[data-tool=undo]", "aria-disabled") == "false"
    page.unroute("**/breaks/")
    page.wait_for_function(f"() => {KEPT} === ''")
    assert page.inner_text(".note") == ""
    assert Break.objects.get().ended_at <= timezone.now()
    visitor.choose("1")
    assert sides() == ["left", "left"]


def test_a_skip_without_a_line_is_sent_after_a_reload(study, visitor: Visitor):
    page = visitor.page
    before = visitor.pair()
    cut(page, "skips")
    choose_at_once(page, "s")
    page.click("text=It is disturbing or unsuitable")
    page.wait_for_selector("text=No connection. Trying again")
    order = come_back(page, "skips")
    assert visitor.pair() != before
    assert (order[:2], page.evaluate(KEPT)) == (["skips", "pair"], "")
    assert Assignment.objects.get(state="skipped").skip_reason == "unsuitable"
    assert page.inner_text(".count") == "2 of 20"
    balanced(study)


def test_what_an_older_page_kept_is_sent_too(study, visitor: Visitor):
    """A page that was open when the program was renewed knew votes only."""
    page = visitor.page
    token = Assignment.objects.filter(state="open").order_by("position")[0].token
    kept = {**VIEWING, "token": token, "answer": "right"}
    page.evaluate(
        "([body, token]) => localStorage.setItem(`proofsheet:study:vote:"
        "${document.getElementById('main').dataset.session}:1700000000000:${token}`,"
        " JSON.stringify(body))",
        [kept, token],
    )
    order = come_back(page)
    visitor.pair()
    assert order[:2] == ["votes", "pair"]
    assert sides() == ["left", "right"]
