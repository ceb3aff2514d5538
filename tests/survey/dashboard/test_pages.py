"""Staff pages: who sees them, what they show with and without votes, what they cost."""

import csv
import io
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from survey.models import Survey, Vote
from tests.factories import survey_make
from tests.people import Annotator

PAGES = ("", "surveys/study/")
FILES = ("surveys/study/votes.csv", "surveys/study/codebook.csv", "surveys/study/shares.csv")


def vote_all(survey: Survey, *, origin: str = "person") -> None:
    person = Annotator(survey, origin=origin)
    state = person.pair()
    while state["state"] == "pair":
        state = person.vote(state["trials"][0]["token"], "left").json()


@pytest.fixture
def voted(survey: Survey) -> Survey:
    """Two people with four votes each, and a staff preview."""
    for origin in ("person", "person", "test"):
        vote_all(survey, origin=origin)
    return survey


def text_of(page: str) -> str:
    """What is read on a page, in one line."""
    body = re.sub(r"<script.*?</script>", "", page[page.index("<main") :], flags=re.DOTALL)
    # A space that does not break is read as a space.
    body = re.sub(r"<[^>]*>", " ", body).replace("&nbsp;", " ")
    return " ".join(body.split()).replace(" ;", ";")


@pytest.mark.parametrize("page", PAGES + FILES)
def test_anonymous_people_are_sent_to_the_log_in(client: Client, survey: Survey, page: str):
    url = f"/dashboard/{page}"
    response = client.get(url)
    assert response.status_code == 302
    assert response["Location"] == f"/login/?next={url}"


@pytest.mark.parametrize("page", PAGES + FILES)
def test_people_without_a_role_are_told_whom_to_ask(outsider: Client, survey: Survey, page: str):
    response = outsider.get(f"/dashboard/{page}")
    assert response.status_code == 403
    said = text_of(response.content.decode())
    assert "You are logged in as otto, an account without a role here." in said
    assert "Ask whoever runs this site to invite you" in said


@pytest.mark.parametrize("page", PAGES + FILES)
def test_analysts_read_and_download(analyst: Client, survey: Survey, page: str):
    assert analyst.get(f"/dashboard/{page}").status_code == 200


@pytest.mark.parametrize("page", PAGES + FILES)
def test_pages_are_only_read(admin: Client, survey: Survey, page: str):
    assert admin.post(f"/dashboard/{page}").status_code == 405


def test_an_unknown_survey_is_not_found(admin: Client):
    assert admin.get("/dashboard/surveys/nothing/").status_code == 404


def test_the_empty_overview_says_what_to_do(admin: Client):
    assert "python manage.py seed_demo" in admin.get("/dashboard/").content.decode()


def test_the_overview_shows_each_survey_in_one_row(admin: Client, voted: Survey):
    survey_make("later", state="draft", photos=2)
    Survey.objects.filter(slug="later").update(title="<b>Later</b>")

    page = admin.get("/dashboard/").content.decode()

    share = Vote.objects.filter(origin="person", original_preferred=True).count() / 8
    assert "<b>Later" not in page
    assert "&lt;b&gt;Later&lt;/b&gt; later draft 0 0 — — 12 of 12 —" in text_of(page)
    assert f"A study study open 8 2 {100 * share:.1f}%" in text_of(page)
    assert "24 of 24 Start page" in text_of(page)
    assert reverse("survey:start", args=["study"]) in page


def test_the_overview_costs_the_same_for_any_number_of_surveys(
    admin: Client, voted: Survey, django_assert_num_queries
):
    for slug in ("second", "third"):
        vote_all(survey_make(slug, photos=4))
    # 1 session, 2 person, 3 ready pairs, 4 people, 5 votes, 6 surveys
    with django_assert_num_queries(6):
        assert admin.get("/dashboard/").status_code == 200


def test_the_survey_page_without_votes_says_what_is_next(admin: Client, survey: Survey):
    page = admin.get("/dashboard/surveys/study/").content.decode()

    assert "Send the survey's address to the people who take part" in page
    assert '<div data-when="votes" hidden' in page
    assert '<div class="empty" id="empty" data-when="empty">' in page
    assert "Votes 0" in text_of(page)
    assert "Prefer the original, all votes pooled —" in text_of(page)


def test_the_survey_page_names_both_shares_and_their_intervals(admin: Client, voted: Survey):
    page = admin.get("/dashboard/surveys/study/").content.decode()
    text = text_of(page)

    assert '<div data-when="votes" id="shares"' in page
    assert "Votes 8" in text
    assert "Participants with a vote 2 2 finished; staff previews left out: 1" in text
    assert re.search(r"all votes pooled \d+\.\d% 95% Wilson interval \d+\.\d–\d+\.\d%; n = 8", text)
    assert re.search(
        r"conditions weighted equally \d+\.\d% 95% Wilson interval, Kish’s effective n, "
        r"\d+\.\d–\d+\.\d%; n = 8; "
        r"\d of 6 conditions have votes",
        text,
    )
    assert "handed out 8 voted 8 skipped 0 expired 0 open 0" in text
    assert "† Two edits at once." in text


def test_conditions_that_may_still_come_are_told(admin: Client, survey: Survey):
    said = "0 of 6 conditions have votes; pictures are still to be made"
    assert said not in text_of(admin.get("/dashboard/surveys/study/").content.decode())
    Survey.objects.update(pairs_expected=25)
    assert said in text_of(admin.get("/dashboard/surveys/study/").content.decode())


def test_the_survey_page_costs_the_same_for_any_number_of_votes(
    admin: Client, voted: Survey, django_assert_num_queries
):
    # 1 session, 2 person, 3 survey, 4 conditions, 5 counts, 6 participants, 7 ready pairs,
    # 8 ledger, 9 skips
    with django_assert_num_queries(9):
        assert admin.get("/dashboard/surveys/study/").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_nothing_on_a_page_needs_more_than_the_strict_policy(
    admin: Client, voted: Survey, page: str
):
    response = admin.get(f"/dashboard/{page}")
    html = response.content.decode()

    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?://", html)
    for attributes in re.findall(r"<script([^>]*)>", html):
        assert 'src="/static/' in attributes or 'type="application/json"' in attributes


@pytest.mark.parametrize(("name", "rows"), [("votes", 8), ("shares", 6)], ids=["votes", "shares"])
def test_downloads_are_csv_files(admin: Client, voted: Survey, name: str, rows: int):
    response = admin.get(f"/dashboard/surveys/study/{name}.csv")

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="study-{name}.csv"'
    lines = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    assert len(lines) == rows


def test_the_codebook_explains_every_column(admin: Client, voted: Survey):
    def cells(name: str) -> list[list[str]]:
        response = admin.get(f"/dashboard/surveys/study/{name}.csv")
        return list(csv.reader(io.StringIO(response.getvalue().decode())))

    assert set(cells("votes")[0]) <= {row[0] for row in cells("codebook")}


@pytest.fixture
def mixed(voted: Survey) -> Survey:
    """As voted, with a simulated annotator beside them."""
    vote_all(voted, origin="simulated")
    return voted


def switch_of(page: str) -> list[tuple[str, bool, str]]:
    """Query, whether it is this page's, and text of each choice of whose votes are counted."""
    start = page.index('<div id="origins"')
    page = page[start : page.index("</nav>", start)]
    found = re.findall(r'<li><a href="([^"]*)"( aria-current="true")?>([^<]*)</a></li>', page)
    return [(url.rpartition("/")[2], bool(here), text) for url, here, text in found]


def test_the_switch_offers_who_is_there(admin: Client, survey: Survey):
    url = "/dashboard/surveys/study/"
    assert 'class="whose"' not in admin.get(url).content.decode()
    vote_all(survey, origin="test")
    assert switch_of(admin.get(url).content.decode()) == [
        ("", True, "Participants only"),
        ("?include=test", False, "with staff previews"),
    ]
    vote_all(survey, origin="simulated")
    assert switch_of(admin.get(f"{url}?include=simulated,test").content.decode()) == [
        ("", False, "Participants only"),
        ("?include=test", False, "with staff previews"),
        ("?include=simulated", False, "with simulated annotators"),
        ("?include=simulated,test", True, "with both"),
    ]


def test_simulated_votes_are_left_out_and_named(admin: Client, mixed: Survey):
    page = admin.get("/dashboard/surveys/study/").content.decode()
    text = text_of(page)
    assert "Votes 8" in text
    assert "staff previews left out: 1; simulated annotators left out: 1" in text
    assert "These numbers include" not in page
    assert 'data-url="/api/survey/study/results/"' in page
    assert "A study study + 4 simulated open 8 2" in text_of(
        admin.get("/dashboard/").content.decode()
    )


@pytest.mark.parametrize(
    ("include", "votes", "said", "mark"),
    [
        (
            "simulated", 12,
            ["These numbers include 1 simulated annotator , who gave 4 of the 12 votes: those say"],
            "simulated annotators included",
        ),
        (
            "test", 12,
            ["These numbers include 1 staff preview , with 4 of the 12 votes."],
            "staff previews included",
        ),
        (
            "test,simulated", 16,
            ["These numbers include 1 simulated annotator , who gave 4 of the 16 votes: those say",
             "These numbers include 1 staff preview , with 4 of the 16 votes."],
            "simulated annotators and staff previews included",
        ),
    ],
)  # fmt: skip
def test_a_page_that_counts_others_says_so_everywhere(
    admin: Client, mixed: Survey, include: str, votes: int, said: list[str], mark: str
):
    page = admin.get(f"/dashboard/surveys/study/?include={include}").content.decode()
    text = text_of(page)
    assert f"Votes {votes}" in text
    assert f"handed out {votes} voted {votes}" in text
    for sentence in said:
        assert sentence in text
    assert text.count("These numbers include") == len(said)
    # In the tab's title, and beside the heading of each figure.
    assert f"({mark})" in page[: page.index("<body")]
    assert page.count(f'<span class="mixed">{mark}</span>') == 2
    # What is live, and each file beside a figure, counts the same.
    asked = "simulated,test" if "," in include else include
    assert f'data-url="/api/survey/study/results/?include={asked}"' in page
    links = re.findall(r'href="([^"]*/(?:shares|votes)\.[^"]*)"', page)
    assert len(links) == 10
    assert {link.rpartition("?")[2] for link in links} == {f"include={asked}"}
    shares = admin.get(links[0]).getvalue().decode()
    assert sum(int(row["votes"]) for row in csv.DictReader(io.StringIO(shares))) == votes


def test_an_unknown_origin_is_refused_and_participants_are_shown(admin: Client, mixed: Survey):
    response = admin.get("/dashboard/surveys/study/?include=robots")
    assert response.status_code == 400
    text = text_of(response.content.decode())
    assert "&#x27;robots&#x27; cannot be included; allowed are: simulated, test." in text
    assert "Votes 8" in text


def test_log_in_leads_to_the_page_that_was_asked_for(client: Client, survey: Survey):
    User.objects.create_superuser("grace", password="cobol-1959")
    page = client.get("/login/?next=/dashboard/surveys/study/").content.decode()
    assert '<input type="hidden" name="next" value="/dashboard/surveys/study/">' in page
    response = client.post(
        "/login/",
        {"username": "grace", "password": "cobol-1959", "next": "/dashboard/surveys/study/"},
    )
    assert response["Location"] == "/dashboard/surveys/study/"


def test_the_sixth_wrong_password_meets_the_pause(client: Client, db: None):
    for _ in range(6):
        response = client.post("/login/", {"username": "grace", "password": "wrong"})
    assert response.status_code == 429
    assert "Log-in paused for 15 minutes" in response.content.decode()


def test_log_out_is_a_post(admin: Client):
    assert admin.get("/logout/").status_code == 405
    assert admin.post("/logout/").status_code == 302
    assert admin.get("/dashboard/").status_code == 302
