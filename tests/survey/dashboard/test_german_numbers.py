"""German writes 0,74 and 1.234: right where people read, wrong in what programs read."""

import html.parser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from survey.models import Survey
from survey.requests import cookie_name
from tests.factories import survey_make
from tests.people import Annotator

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
# What is said rather than computed with; and what lists pairs of numbers with commas.
SAID = {"title", "aria-label", "alt", "placeholder", "content", "points", "d"}
GERMAN = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+|-?[\d.]*\d,\d+")
# A number that was formatted for people, inside an attribute.
FORMATTED = re.compile(r"""\s([\w-]+)=["'](?:[^"'{]|\{[^{])*\{\{[^}]*\|(?:floatformat|intcomma)""")


class Attributes(html.parser.HTMLParser):
    """Every attribute of a page: tag, name, value."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name, value or "") for name, value in attrs]


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """The last request's language would be that of the tests that come after."""
    with translation.override("en"):
        yield


@pytest.fixture
def voted(db: None) -> Survey:
    """One person chose the left photo of all 24 pairs: shares that are no whole numbers."""
    survey = survey_make(photos=4, trials=24, photo_repeats=6, photo_gap=1)
    person = Annotator(survey)
    state = person.pair()
    while state["state"] == "pair":
        state = person.vote(state["trials"][0]["token"], "left").json()
    return survey


def numbers_for_people(page: str) -> list[tuple[str, str, str]]:
    return [
        (tag, name, value)
        for tag, name, value in Attributes(page).found
        if name not in SAID and GERMAN.fullmatch(value.strip())
    ]


@pytest.mark.parametrize(
    "path",
    ["", "surveys/study/", "surveys/study/?include=test", "surveys/study/invites/", "tokens/",
     "people/", "people/audit/", "designs/", "models/", "models/jobs/", "models/distortions/"],
)  # fmt: skip
def test_attributes_of_the_dashboard_hold_no_german_number(voted: Survey, admin: Client, path: str):
    page = admin.get(f"/dashboard/{path}", headers={"accept-language": "de"}).content.decode()
    assert 'lang="de"' in page
    assert numbers_for_people(page) == []


def test_numbers_are_german_where_people_read_them(voted: Survey, admin: Client):
    page = admin.get("/dashboard/surveys/study/", headers={"accept-language": "de"})
    text = page.content.decode()
    assert re.search(r"<td[^>]*>\d+,\d%</td>", text)
    orders = [value for _tag, name, value in Attributes(text).found if name == "data-sort"]
    assert any("." in value for value in orders)
    assert [value for value in orders if value and float(value) > 1000] == []


def test_attributes_of_a_pair_hold_no_german_number(db: None):
    survey = survey_make(trials=200, resume_minutes=1440)
    person = Annotator(survey)
    client = Client(headers={"accept-language": "de"})
    client.cookies[cookie_name("study")] = person.session.key
    for path in ("", "instructions/", "pair/"):
        page = client.get(f"/s/study/{path}").content.decode()
        assert 'lang="de"' in page
        assert numbers_for_people(page) == []
    assert 'data-resume-minutes="1440"' in page


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_no_template_formats_a_number_in_an_attribute(path: Path):
    assert set(FORMATTED.findall(path.read_text())) <= SAID


def test_what_would_be_found_is_found():
    page = (
        '<td data-sort="1.234">1.234</td><meter value="0,74"></meter><a title="0,74" data-n="12">'
    )
    assert numbers_for_people(page) == [("td", "data-sort", "1.234"), ("meter", "value", "0,74")]
    assert FORMATTED.findall('<td class="n" data-sort="{{ n|floatformat:"0g" }}">') == ["data-sort"]
