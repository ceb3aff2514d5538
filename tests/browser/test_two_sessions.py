"""Somebody takes part in one tab while staff preview in another tab of the same browser."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request

from survey.models import Assignment, Origin, Session, Survey, Vote
from survey.requests import cookie_name, preview_cookie_name
from tests.browser.conftest import Visitor
from tests.browser.test_durability import WAITING, balanced, choose_at_once, sent
from tests.people import account_make


def log_in(visitor: Visitor, page: Page, then: str) -> None:
    """Through the form of this tab, on to a page."""
    page.goto(f"{visitor.address}/login/?next={then}")
    page.fill("[name=username]", "ana")
    page.fill("[name=password]", "pw")
    page.click("main button[type=submit]")
    page.wait_for_url(f"**{then}")


def preview_begin(visitor: Visitor) -> Page:
    """In a second tab: log in, start, agree, read, and look at the first pair."""
    page = visitor.tab()
    log_in(visitor, page, "/s/study/")
    for _page in range(3):
        page.click("main button[type=submit]")
    page.wait_for_selector(".pair.shown:not(.leaving) button[aria-disabled=false] img")
    return page


@pytest.fixture
def visitor(study: Survey, visit) -> Iterator[Visitor]:
    account_make("ana", "analyst")
    made = visit()
    made.to_first_pair()
    made.choose("left")
    sent(made.page)
    made.loaded(3)
    yield made
    assert made.errors == []


def votes() -> list[tuple[str, int, str]]:
    """Whose, which pair, which side; as they arrived."""
    rows = Vote.objects.order_by("pk")
    return list(rows.values_list("origin", "assignment__position", "chosen_side"))


def test_an_open_page_loses_nothing_to_a_preview(study: Survey, visitor: Visitor):
    person = visitor.page
    staff = preview_begin(visitor)
    names = {cookie["name"] for cookie in visitor.context.cookies()}
    assert {cookie_name("study"), preview_cookie_name("study")} <= names
    person.bring_to_front()
    # The pair on the page, then the one that was loaded before the preview, then those after it.
    for key in ("2", "1", "2", "1"):
        visitor.choose(key)
        assert person.inner_text(".note") == ""
    assert person.inner_text(".count") == "6 of 20"
    assert person.evaluate(WAITING) == 0
    staff.bring_to_front()
    visitor.page = staff
    visitor.choose("2")
    assert staff.inner_text(".count") == "2 of 20"
    sides = ["left", "right", "left", "right", "left"]
    mine = [(Origin.PERSON, n, side) for n, side in enumerate(sides, start=1)]
    assert votes() == [*mine, (Origin.TEST, 1, "right")]
    assert not Assignment.objects.filter(state="skipped").exists()
    balanced(study)


def test_votes_that_waited_for_the_line_arrive_beside_a_preview(study: Survey, visitor: Visitor):
    person = visitor.page
    person.route("**/votes/", lambda route: route.abort())
    choose_at_once(person, "2")
    person.wait_for_selector("text=kept to send again: 1")
    preview_begin(visitor)
    person.unroute("**/votes/")
    person.bring_to_front()
    sent(person)
    assert votes() == [(Origin.PERSON, 1, "left"), (Origin.PERSON, 2, "right")]
    balanced(study)
    # The line that was cut is an error of the console.
    visitor.errors.clear()


def test_whoever_comes_to_the_end_beside_a_preview_gets_the_code(study: Survey, visitor: Visitor):
    # Past the freeze: the first of these three votes is there already.
    Survey.objects.update(settings={**study.settings, "trials": 3})
    person = visitor.page
    preview_begin(visitor)
    person.bring_to_front()
    visitor.choose("1")
    choose_at_once(person, "1")
    person.wait_for_url("**/done/?session=*")
    code = Session.objects.get(participant__origin=Origin.PERSON).completion_code
    assert code
    assert person.inner_text(".code output") == code
    assert visitor.violations() == []


def test_a_preview_that_was_left_by_logging_out_is_sent_to_the_start(
    study: Survey, visitor: Visitor
):
    staff = preview_begin(visitor)
    visitor.context.clear_cookies(name="sessionid")
    choose_at_once(staff, "1")
    staff.wait_for_url("**/s/study/")
    # Neither counted for the person nor dropped: the log-in of before would send it.
    assert votes() == [(Origin.PERSON, 1, "left")]
    visitor.errors.clear()


def test_nothing_in_a_request_for_a_picture_tells_one_side_from_the_other(
    study: Survey, visitor: Visitor
):
    asked: list[Request] = []
    preview_begin(visitor)
    page = visitor.page
    page.on("request", lambda r: asked.append(r) if "/p/" in r.url else None)
    page.bring_to_front()
    for key in ("1", "2", "1"):
        visitor.choose(key)
    page.wait_for_load_state("networkidle")
    assert len(asked) >= 4
    # Of one shape all of them: no header, no parameter and no length that another has not.
    shapes = {
        (
            urlsplit(request.url).query,
            len(urlsplit(request.url).path),
            tuple(sorted(request.all_headers().items())),
        )
        for request in asked
    }
    assert len(shapes) == 1
    assert "session-mark" not in str(shapes).lower()
