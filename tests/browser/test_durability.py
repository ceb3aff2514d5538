"""Second thoughts, breaks, and lines that go down in the middle of it."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, Route

from survey.models import Assignment, Break, Session, Survey, Vote
from survey.selectors.results import ledger
from survey.services.surveys import survey_change
from tests.browser.conftest import CHOOSING, come_back

WAITING = "Object.keys(localStorage).filter((k) => k.startsWith('proofsheet:study:vote:')).length"


def sent(page: Page) -> None:
    """Wait until no vote waits in the browser any more."""
    page.wait_for_function(f"() => {WAITING} === 0")


def sides() -> list[str]:
    return list(Vote.objects.order_by("assignment__position").values_list("chosen_side", flat=True))


def balanced(survey: Survey) -> None:
    book = ledger(survey, now=timezone.now())
    assert (book["difference"], book["uncounted"]) == (0, 0)


def choose_at_once(page: Page, key: str) -> None:
    """Press a key on a pair that was there long enough, without waiting for the next one."""
    page.wait_for_selector(CHOOSING, state="attached")
    page.wait_for_timeout(350)
    page.keyboard.press(key)


def test_a_line_that_goes_down_loses_and_doubles_nothing(study: Survey, visit):
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    visitor.choose("left")
    # The vote is there, and both pictures of the next pair are here, before the line goes.
    sent(page)
    visitor.loaded(3)
    visitor.context.set_offline(True)
    visitor.choose("right")
    assert page.inner_text(".count") == "3 of 20"
    page.wait_for_selector("text=No connection. Choices kept to send again: 1")
    assert page.get_attribute("[data-tool=undo]", "aria-disabled") == "true"
    choose_at_once(page, "2")
    page.wait_for_selector("text=kept to send again: 2")
    assert visitor.violations() == []
    assert (Vote.objects.count(), page.evaluate(WAITING)) == (1, 2)
    visitor.context.set_offline(False)
    sent(page)
    visitor.pair()
    assert page.inner_text(".count") == "4 of 20"
    assert page.inner_text(".note") == ""
    visitor.choose("left")
    assert sides() == ["left", "right", "right", "left"]
    made = list(Vote.objects.order_by("pk").values_list("assignment__position", flat=True))
    assert made == [1, 2, 3, 4]
    assert not Assignment.objects.filter(state="skipped").exists()
    balanced(study)


def test_waiting_votes_are_sent_first_after_a_reload(study: Survey, visit):
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    visitor.loaded(2)
    page.route("**/votes/", lambda route: route.abort())
    visitor.choose("right")
    choose_at_once(page, "1")
    page.wait_for_selector("text=kept to send again: 2")
    order = come_back(page, "votes")
    visitor.pair()
    assert order[:3] == ["votes", "votes", "pair"]
    assert sides() == ["right", "left"]
    assert page.inner_text(".count") == "3 of 20"
    balanced(study)


def test_two_tabs_send_each_waiting_vote_once(study: Survey, visit):
    visitor = visit()
    first = visitor.page
    visitor.to_first_pair()
    visitor.loaded(2)
    first.route("**/votes/", lambda route: route.abort())
    choose_at_once(first, "2")
    first.wait_for_selector("text=kept to send again: 1")
    # Another tab finds the vote in the browser, and sends it.
    visitor.page = visitor.tab()
    visitor.open("/s/study/pair/")
    visitor.pair()
    assert sides() == ["right"]
    visitor.choose("left")
    first.unroute("**/votes/")
    first.bring_to_front()
    visitor.page = first
    visitor.choose("right")
    # The first tab still showed the second pair: its answer came too late.
    assert sides() == ["right", "left"]
    assert first.inner_text(".count") == "3 of 20"
    balanced(study)


def test_a_busy_server_is_asked_when_it_said(study: Survey, visit):
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    times: list[float] = []

    def busy(route: Route) -> None:
        times.append(page.evaluate("performance.now()"))
        if len(times) == 1:
            headers = {"Retry-After": "2", "Content-Type": "application/json"}
            route.fulfill(status=429, headers=headers, body='{"code": "throttled", "detail": "."}')
        else:
            route.continue_()

    page.route("**/votes/", busy)
    choose_at_once(page, "1")
    page.wait_for_selector("text=The server is busy. Choices kept to send again")
    sent(page)
    assert sides() == ["left"]
    assert times[1] - times[0] >= 1900


def test_what_is_no_answer_of_ours_is_no_refusal(study: Survey, visit):
    """A hotel's network answers everything with its log-in page."""
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    page.route("**/votes/", lambda route: route.fulfill(status=403, body="<h1>Log in</h1>"))
    choose_at_once(page, "2")
    page.wait_for_selector("text=No connection. Choices kept to send again")
    page.unroute("**/votes/")
    sent(page)
    assert sides() == ["right"]


def test_pictures_that_the_line_lost_are_no_reason_to_skip(study: Survey, visit):
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    before = visitor.pair()
    asked: list[str] = []

    def lose_after_the_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.continue_()
        else:
            route.abort()

    page.route("**/p/*", lambda route: route.abort())
    page.route("**/api/survey/study/pair/", lose_after_the_first)
    page.reload()
    page.wait_for_selector("text=Trying again")
    page.unroute("**/p/*")
    page.unroute("**/api/survey/study/pair/")
    assert visitor.pair() == before
    assert page.inner_text(".note") == ""
    assert not Assignment.objects.filter(state="skipped").exists()


def test_the_last_choice_is_taken_back_by_key_and_by_button(study: Survey, visit):
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    first = visitor.pair()
    visitor.choose("left")
    second = visitor.pair()
    page.wait_for_timeout(1200)
    page.keyboard.press("u")
    page.wait_for_selector("text=Here is your last pair again")
    assert visitor.pair() == first
    assert page.inner_text(".count") == "1 of 20"
    assert visitor.violations() == []
    # So long that a slow machine is told from a clock that runs on.
    page.wait_for_timeout(5000)
    visitor.choose("right")
    vote = Vote.objects.get()
    assert (vote.chosen_side, vote.first_chosen_side, vote.revised) == ("right", "left", True)
    # The pair that waited goes on; the time it was away does not count.
    assert visitor.pair() == second
    assert page.inner_text(".count") == "2 of 20"
    assert page.get_attribute("[data-tool=undo]", "aria-disabled") == "true"
    visitor.choose("left")
    later = Vote.objects.get(assignment__position=2)
    assert 1500 <= later.response_ms < 1500 + vote.response_ms
    assert later.focus_losses == 0
    page.click("[data-tool=undo]")
    page.wait_for_selector("text=Here is your last pair again")
    # A reload asks for the same pair again.
    page.reload()
    assert visitor.pair() == second
    visitor.choose("1")
    assert sides() == ["right", "left"]
    assert Vote.objects.filter(revised=True).count() == 2
    assert visitor.errors == []
    balanced(study)


def test_a_pair_is_skipped_with_a_reason(study: Survey, visit):
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    before = visitor.pair()
    page.keyboard.press("s")
    page.wait_for_selector("text=Why skip this pair?")
    assert visitor.violations() == []
    # Keys that choose do nothing behind the card, and Escape leaves everything as it was.
    choose_at_once(page, "1")
    page.keyboard.press("Escape")
    assert visitor.pair() == before
    assert not Vote.objects.exists()
    page.click("[data-tool=skip]")
    page.click("text=It is disturbing or unsuitable")
    page.wait_for_selector("text=Skipped. Here is another pair.")
    assert visitor.pair() != before
    assert page.inner_text(".count") == "1 of 20"
    skipped = Assignment.objects.get(state="skipped")
    assert skipped.skip_reason == "unsuitable"
    visitor.choose("left")
    assert visitor.errors == []
    balanced(study)


def test_a_break_is_offered_and_not_counted(study: Survey, visit):
    survey_change(study, settings={"break_every": 2})
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    visitor.choose("left")
    choose_at_once(page, "2")
    page.wait_for_selector("text=You have judged 2 of 20")
    assert visitor.violations() == []
    assert not page.is_visible(".pair.shown")
    page.reload()
    page.wait_for_selector("text=You have judged 2 of 20")
    page.keyboard.press("Enter")
    visitor.pair()
    # At any time, and in the middle of a pair.
    choose_at_once(page, "p")
    page.wait_for_selector("text=You have judged 2 of 20")
    page.wait_for_timeout(5000)
    page.click("text=Go on")
    visitor.choose("left")
    vote = Vote.objects.get(assignment__position=3)
    assert vote.response_ms < 5000
    assert vote.focus_losses == 0
    taken = Break.objects.get()
    assert taken.after_trials == 2
    assert taken.ended_at - taken.began_at >= timedelta(seconds=5)
    assert visitor.errors == []


def test_a_long_gap_brings_the_instructions_back(study: Survey, visit):
    visitor = visit()
    page = visitor.page
    visitor.to_first_pair()
    visitor.choose("left")
    then = timezone.now() - timedelta(hours=2)
    Session.objects.update(instructions_seen_at=then)
    Assignment.objects.update(leased_at=then)
    Vote.objects.update(created_at=then)
    page.reload()
    page.wait_for_selector("text=Welcome back")
    assert "You have judged 1 of 20 pairs" in page.inner_text("main")
    assert visitor.violations() == []
    page.click("main button[type=submit]")
    visitor.pair()
    assert page.inner_text(".count") == "2 of 20"
    assert Session.objects.get().resumes == 1


def test_a_phone_shows_tools_and_photos_without_scrolling(study: Survey, visit):
    visitor = visit(390, 844, device_scale_factor=3, is_mobile=True, has_touch=True)
    page = visitor.page
    visitor.to_first_pair()
    for tool in ("undo", "skip", "pause"):
        box = page.eval_on_selector(
            f"[data-tool={tool}]", "(e) => e.getBoundingClientRect().toJSON()"
        )
        assert box["height"] >= 44
        assert (box["right"] <= 390, box["bottom"] <= 844) == (True, True)
    assert page.evaluate("document.documentElement.scrollHeight") <= 844
    page.tap("[data-tool=skip]")
    page.wait_for_selector("text=Why skip this pair?")
    page.tap("text=Back to the pair")
    page.tap("[data-tool=pause]")
    page.tap("text=Go on")
    visitor.pair()
    assert visitor.violations() == []
