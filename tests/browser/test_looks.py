"""How every page of the survey and its dashboard looks, in each state, size and language."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Page, Route

from survey.models import Survey
from survey.requests import cookie_name
from survey.services.invitations import invitation_make
from survey.services.surveys import survey_close
from survey.services.tokens import token_make
from tests.browser.conftest import Visitor
from tests.factories import survey_make
from tests.people import Annotator

LOOKS = ((390, 844, "light"), (1440, 900, "dark"))
LANGUAGES = ("de", "fr", "zh-hans")
# What a finger or a pointer aims at and cannot reach: out of the window, and no part of a table
# that scrolls by itself.
BEYOND = """width => [...document.querySelectorAll('a, button, input, select, textarea')]
  .filter((e) => !e.closest('.scroll, .skip, .skip-link') && e.checkVisibility())
  .filter((e) => e.getBoundingClientRect().right > width + 1)
  .map((e) => e.outerHTML.slice(0, 120))"""
# Where a chart of shares has its marks and bars: in the colour of an aspect.
MARKS = """() => [...document.querySelectorAll('[data-chart] svg path')]
  .filter((e) => [e.getAttribute('fill'), e.getAttribute('stroke')].includes('#009e73'))
  .map((e) => [e.getAttribute('d'), e.getAttribute('transform')])"""

# How far the first tool of the page of a pair is from the count of pairs.
ROOM = """() => document.querySelector('.tools button').getBoundingClientRect().left
  - document.querySelector('.count').getBoundingClientRect().right"""
SORTS = "() => [...document.querySelectorAll('[data-sort]')].map((e) => e.dataset.sort)"


def answers(survey: Survey) -> Annotator:
    """One person who answers all pairs, now on one side, now on the other."""
    person = Annotator(survey)
    state, number = person.pair(), 0
    while state["state"] == "pair":
        state = person.vote(state["trials"][0]["token"], ("left", "right")[number % 2]).json()
        number += 1
    return person


@pytest.fixture
def ada(transactional_db: None) -> User:
    return User.objects.create_superuser("ada", password="correct horse battery")


@pytest.fixture
def finished(ada: User) -> Annotator:
    """Surveys in every state, a few votes, links and tokens; who finished the first survey."""
    study = survey_make(photos=8, trials=8)
    survey_make("plenty", trials=8, photo_repeats=2, photo_gap=1)
    call_command("simulate_annotators", survey="plenty", annotators=4, votes=20)
    survey_make("blank")
    survey_make("draft", state="draft")
    survey_make("invited", access="invite")
    survey_close(survey_make("shut"))
    invitation_make(actor=ada, role="analyst", name="Professor van der Berg-Lindqvist", email="")
    token_make(ada, name="a notebook", days=90)
    return [answers(study) for _person in range(3)][-1]


class Eye:
    """A visitor who looks at each page for what nobody should see."""

    def __init__(self, visitor: Visitor, width: int, language: str = "en") -> None:
        self.visitor, self.width = visitor, width
        self.page: Page = visitor.page
        self.cookie("django_language", language)

    def cookie(self, name: str, value: str) -> None:
        self.visitor.context.add_cookies(
            [{"name": name, "value": value, "url": self.visitor.address}]
        )

    def log_in(self, user: User) -> None:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        self.cookie("sessionid", client.cookies["sessionid"].value)

    def open(self, path: str, status: int = 200, *, axe: bool = True) -> None:
        response = self.page.goto(self.visitor.address + path)
        assert response is not None
        assert response.status == status, path
        self.look(path, axe=axe)

    def look(self, what: str, *, axe: bool = True) -> None:
        page = self.page
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") <= self.width, what
        assert page.evaluate(BEYOND, self.width) == [], what
        moving = "document.getAnimations().filter((a) => a.playState === 'running').length"
        assert page.evaluate(moving) == 0, what
        if axe:
            assert self.visitor.violations() == [], what

    def press(self, selector: str, what: str) -> None:
        # The page that comes may have the same selectors: wait for the answer, not for them.
        with self.page.expect_navigation():
            self.page.click(selector)
        self.look(what)

    def nothing_odd(self) -> None:
        """Nothing in the console but the refusals asked for, and no other host was contacted."""
        refused = re.compile(r"status of (400|403|404|410)|net::ERR_FAILED")
        assert [text for text in self.visitor.errors if not refused.search(text)] == []
        assert self.visitor.hosts == {self.visitor.address.removeprefix("http://")}


def participant(eye: Eye, finished: Annotator) -> None:
    """Look at all that somebody sees who takes part, and somebody who may not."""
    for path in ("/", "/about/", "/login/"):
        eye.open(path)
    eye.open("/nothing/", 404)
    eye.open("/s/invited/", 403)
    eye.open("/s/invited/i/nothing/", 410)
    eye.open("/s/shut/")
    eye.open("/s/study/")
    eye.press("main button[type=submit]", "consent")
    eye.press("main button[type=submit]", "instructions")
    pair(eye)
    eye.visitor.context.clear_cookies(name=cookie_name("study"))
    eye.cookie(cookie_name("study"), finished.session.key)
    eye.open("/s/study/done/")
    eye.open("/s/study/")


def pair(eye: Eye) -> None:
    """The page of a pair without a line, while it loads, with a pair, and under its two cards."""
    page, held = eye.page, list[Route]()
    page.route("**/pair/", lambda route: route.abort() if is_call(route) else route.continue_())
    with page.expect_navigation():
        page.click("main button[type=submit]")
    page.wait_for_selector("text=No connection. Trying again")
    eye.look("pair, no connection")
    page.unroute("**/pair/")
    page.route("**/p/*", lambda route: held.append(route))
    page.reload()
    page.wait_for_selector("text=Loading the photos")
    eye.look("pair, loading")
    for route in held:
        route.continue_()
    page.unroute("**/p/*")
    eye.visitor.pair()
    eye.look("pair")
    for tool in ("skip", "pause"):
        page.click(f"[data-tool={tool}]")
        page.wait_for_selector("dialog[open]")
        eye.look(f"pair, {tool}")
        page.keyboard.press("Escape")


def is_call(route: Route) -> bool:
    return "/api/" in route.request.url


def staff(eye: Eye) -> None:
    """Look at the dashboard, with votes and without, and at what it refuses."""
    for path in ("", "tokens/", "people/", "people/invite/", "people/audit/", "designs/"):
        eye.open(f"/dashboard/{path}")
    for survey in ("study/", "blank/", "draft/", "shut/", "study/invites/", "invited/invites/",
                   "plenty/?include=simulated"):  # fmt: skip
        eye.open(f"/dashboard/surveys/{survey}")
    eye.open("/dashboard/surveys/study/?include=nobody", 400)
    eye.open("/dashboard/surveys/invited/invites/")
    eye.page.fill("[name=count]", "3")
    eye.press("main form.stack [type=submit]", "links made")
    eye.open("/dashboard/surveys/invited/invites/")
    assert eye.page.locator("tbody tr").count() == 3
    eye.press("main section form [type=submit]", "nothing chosen to withdraw")
    eye.open("/dashboard/tokens/")
    eye.page.fill("[name=name]", "second notebook")
    eye.press("main form.stack [type=submit]", "token made")
    with eye.page.expect_download() as download:
        eye.page.goto(f"{eye.visitor.address}/dashboard/surveys/study/")
        eye.page.click("a[href$='votes.csv']")
    assert download.value.suggested_filename.endswith(".csv")


@pytest.fixture
def eye(visit, request: pytest.FixtureRequest) -> Iterator[Eye]:
    """Somebody at a screen of one of the sizes, who asked for less motion."""
    width, height, scheme = request.param
    options = {"color_scheme": scheme, "reduced_motion": "reduce", "has_touch": width < 500}
    eye = Eye(visit(width, height, **options), width)
    yield eye
    eye.nothing_odd()


@pytest.mark.parametrize("eye", LOOKS, indirect=True, ids=str)
def test_empty_pages_look_right(eye: Eye, ada: User):
    eye.open("/")
    eye.open("/about/", axe=False)
    eye.log_in(ada)
    for path in ("", "people/", "tokens/", "people/audit/"):
        eye.open(f"/dashboard/{path}")


@pytest.mark.parametrize("eye", LOOKS, indirect=True, ids=str)
def test_participants_pages_look_right(eye: Eye, finished: Annotator):
    participant(eye, finished)


@pytest.mark.parametrize("eye", LOOKS, indirect=True, ids=str)
def test_dashboard_pages_look_right(eye: Eye, ada: User, finished: Annotator):
    eye.log_in(ada)
    staff(eye)


def test_each_language_fits_a_phone_and_draws_the_charts(ada: User, finished: Annotator, visit):
    marks, sorts = {}, {}
    for language in ("en", *LANGUAGES):
        eye = Eye(visit(390, 844, color_scheme="light", reduced_motion="reduce"), 390, language)
        page = eye.page
        eye.open("/s/study/", axe=False)
        assert page.get_attribute("html", "lang") == language
        for _page in range(3):
            with page.expect_navigation():
                page.click("main button[type=submit]")
            eye.look(f"{language} {page.url}", axe=False)
        eye.visitor.pair()
        eye.look(f"{language} pair", axe=False)
        assert page.evaluate(ROOM) > 0, f"{language}: the tools cover the count"
        eye.log_in(ada)
        for path in ("", "surveys/invited/invites/", "surveys/study/"):
            eye.open(f"/dashboard/{path}", axe=path.endswith("study/"))
            assert page.get_attribute("html", "lang") == language
        page.wait_for_selector("[data-chart=tint] svg path", state="attached")
        marks[language] = page.evaluate(MARKS)
        sorts[language] = [float(text) for text in page.evaluate(SORTS) if text]
        eye.nothing_odd()
    assert len(marks["en"]) > 20
    for language in LANGUAGES:
        assert marks[language] == marks["en"], language
        assert sorts[language] == sorts["en"], language


def test_on_a_wall_the_letters_are_large(ada: User, finished: Annotator, visit):
    eye = Eye(visit(3840, 2160, color_scheme="dark"), 3840)
    size = "(e) => parseFloat(getComputedStyle(e).fontSize)"
    eye.open("/s/study/", axe=False)
    assert eye.page.eval_on_selector("main p", size) >= 2160 / 60
    eye.log_in(ada)
    eye.open("/dashboard/surveys/study/", axe=False)
    assert eye.page.eval_on_selector("dd.big", size) >= 2160 / 30
    eye.page.wait_for_selector(".chart svg text")
    assert eye.page.eval_on_selector(".chart svg text", size) >= 2160 / 90
    # Nothing of the width is given away that a figure could use.
    assert eye.page.eval_on_selector("main", "(e) => e.clientWidth") >= 0.85 * 3840
