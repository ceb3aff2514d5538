"""Choices that have not arrived: when they are sent again, for whom, and what the page says."""

import json
import re
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Page, Route
from rest_framework import exceptions

from survey import errors
from survey.api.formats import TooLarge
from survey.models import Break, Survey, Vote
from survey.requests import cookie_name
from survey.selectors.results import ledger
from survey.services.surveys import survey_change, survey_close
from tests.browser.test_durability import WAITING, choose_at_once, sent
from tests.factories import session_make

SERVER_JS = Path(__file__).resolve().parents[2] / "static" / "js" / "server.js"


def waiting(page: Page) -> int:
    return page.evaluate(WAITING)


def answer_votes(page: Page, status: int, body: object) -> None:
    """Answer as something between the browser and the server would."""
    page.route(
        "**/votes/",
        lambda route: route.fulfill(
            status=status, content_type="application/json", body=json.dumps(body)
        ),
    )


def test_what_a_closed_survey_refused_is_said_on_the_last_page(study: Survey, visit):
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    visitor.choose("left")
    sent(page)
    visitor.loaded(3)
    visitor.context.set_offline(True)
    visitor.choose("left")
    choose_at_once(page, "2")
    page.wait_for_selector("text=kept to send again: 2")
    survey_close(study)
    visitor.context.set_offline(False)
    page.wait_for_url("**/done/")
    page.wait_for_selector("text=Choices that could not be stored: 2")
    assert "You judged 1 pair, and your choice is stored." in page.inner_text("main")
    assert visitor.violations() == []
    page.reload()
    page.wait_for_selector("text=Choices that could not be stored: 2")
    assert (Vote.objects.count(), waiting(page)) == (1, 0)


def test_who_lost_nothing_reads_of_no_loss(study: Survey, visit):
    survey_change(study, settings={"trials": 2})
    visitor = visit()
    visitor.to_first_pair()
    visitor.choose("left")
    choose_at_once(visitor.page, "1")
    visitor.page.wait_for_url("**/done/")
    visitor.page.wait_for_load_state("networkidle")
    assert "You judged 2 pairs" in visitor.page.inner_text("main")
    assert not visitor.page.is_visible("#lost")


def test_json_of_somebody_else_confirms_and_refuses_nothing(study: Survey, visit):
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    for status, body in ((200, {"portal": "log in"}), (200, None), (409, {"code": "log-in"})):
        answer_votes(page, status, body)
        if not waiting(page):
            choose_at_once(page, "2")
        with page.expect_response(lambda response: "/votes/" in response.url):
            pass
        page.wait_for_selector("text=No connection. Choices kept to send again: 1")
        assert (waiting(page), Vote.objects.count()) == (1, 0)
        page.unroute("**/votes/")
    sent(page)
    assert Vote.objects.get().chosen_side == "right"


def test_the_page_knows_every_code_of_the_api():
    known = re.search(r"CODES = new Set\(\[(.*?)\]\)", SERVER_JS.read_text(), re.DOTALL)
    ours = {kind.code for kind in vars(errors).values() if isinstance(kind, type)}
    theirs = {getattr(kind, "default_code", None) for kind in vars(exceptions).values()} - {None}
    theirs.add(TooLarge.default_code)
    said = ours | {code.replace("_", "-") for code in theirs}
    assert set(re.findall(r'"([a-z-]+)"', known[1])) == said


def test_a_server_that_fails_is_no_missing_line(study: Survey, visit):
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    answer_votes(page, 500, "")
    choose_at_once(page, "1")
    page.wait_for_selector("text=The server has a problem. Choices kept to send again: 1")
    page.unroute("**/votes/")
    sent(page)
    assert Vote.objects.count() == 1
    page.route("**/study/pair/", lambda route: route.fulfill(status=502) if route.request.method
               == "POST" else route.continue_())  # fmt: skip
    page.reload()
    page.wait_for_selector("text=The server has a problem. Trying again")


def test_a_break_that_fell_due_on_a_slow_line_comes_with_the_next_pair(study: Survey, visit):
    survey_change(study, settings={"break_every": 2})
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    visitor.choose("left")
    sent(page)
    visitor.loaded(3)
    held: list[Route] = []
    page.route("**/votes/", lambda route: held.append(route))
    visitor.choose("1")
    assert page.inner_text(".count") == "3 of 20"
    held[0].continue_()
    page.unroute("**/votes/")
    sent(page)
    # Nobody is taken from a pair that they are looking at.
    assert not page.is_visible("#rest-card")
    choose_at_once(page, "2")
    page.wait_for_selector("text=You have judged 3 of 20")
    with page.expect_response(lambda got: (got.request.post_data or "") == '{"resting":false}'):
        page.keyboard.press("Enter")
    visitor.pair()
    assert page.inner_text(".count") == "4 of 20"
    taken = Break.objects.get()
    assert (taken.after_trials, taken.ended_at is None) == (3, False)
    assert Vote.objects.count() == 3


def test_votes_of_another_session_stay_where_they_are(study: Survey, visit):
    """Staff look at a preview in the browser of somebody whose votes are not sent yet."""
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    page.route("**/votes/", lambda route: route.abort())
    choose_at_once(page, "2")
    page.wait_for_selector("text=kept to send again: 1")
    cookies = visitor.context.cookies()
    person = next(cookie for cookie in cookies if cookie["name"] == cookie_name("study"))
    preview = session_make(study, origin="test")
    visitor.context.add_cookies([{**person, "value": preview.key}])
    page.unroute("**/votes/")
    visitor.open("/s/study/pair/")
    visitor.choose("left")
    assert waiting(page) == 1
    assert list(Vote.objects.values_list("origin", "chosen_side")) == [("test", "left")]
    visitor.context.add_cookies([person])
    visitor.open("/s/study/pair/")
    visitor.pair()
    assert waiting(page) == 0
    assert Vote.objects.get(origin="person").chosen_side == "right"
    assert preview.key not in page.content()
    book = ledger(study, now=timezone.now())
    assert (book["difference"], book["uncounted"]) == (0, 0)
