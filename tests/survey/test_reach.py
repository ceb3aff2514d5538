"""What people without an account reach: survey pages and their own session, nothing else."""

import re

import pytest
from django.test import Client

from survey.models import Assignment, AuditEntry, Participant, Survey, Vote
from tests.factories import survey_make
from tests.people import VIEWING, Annotator
from tests.survey.walking import addresses

# Open to everybody, and to nobody's surprise.
PAGES = ("/", "/about/", "/language/", "/login/", "/logout/", "/admin/login/", "/invite/x/",
         "/password/x/")  # fmt: skip
SURVEY = ("/s/study/", "/s/study/consent/", "/s/study/instructions/", "/s/study/pair/",
          "/s/study/done/", "/s/study/p/x", "/s/study/i/x/")  # fmt: skip
OPERATIONS = ("pair/", "votes/", "skips/", "undo/", "breaks/")
MINE = (*PAGES, *SURVEY, *(f"/api/survey/study/{name}" for name in OPERATIONS))
CLOSED = {"get", "post", "put", "patch", "delete"}


def rows() -> tuple[int, ...]:
    return tuple(m.objects.count() for m in (Survey, Participant, Assignment, Vote, AuditEntry))


def refused(response) -> bool:
    if response.status_code == 302:
        # "/admin/" is where its log-out leads, also somebody who was not logged in.
        found = response["Location"]
        return found.startswith(("/login/", "/admin/login/")) or found == "/admin/"
    return response.status_code in {401, 403, 404, 405}


def test_the_walk_covers_the_project(survey: Survey):
    found = addresses(survey)
    assert len(found) > 200
    assert set(PAGES + SURVEY) <= set(found)
    for start in ("/dashboard/", "/dashboard/models/", "/admin/", "/api/survey/", "/api/schema/"):
        assert any(address.startswith(start) for address in found)


@pytest.mark.parametrize("who", ["participant", "nobody"])
def test_nothing_answers_but_the_survey(survey: Survey, annotator: Annotator, who: str):
    annotator.pair()
    client = annotator.client if who == "participant" else Client()
    before = rows()
    walked = [address for address in addresses(survey) if address not in MINE]
    for address in walked:
        for method in CLOSED:
            response = getattr(client, method)(address)
            assert refused(response), (method, address, response.status_code)
    assert rows() == before


def test_a_participant_changes_nothing_on_pages_with_other_methods(survey, annotator: Annotator):
    annotator.pair()
    before = rows()
    for address in set(MINE) - set(PAGES):
        for method in ("put", "patch", "delete"):
            response = getattr(annotator.client, method)(address)
            assert response.status_code in {302, 403, 404, 405, 410}, (method, address)
    assert rows() == before


def page_of(response) -> str:
    """What a page says, without its form's token and the address that was asked for."""
    return re.sub(r'value="[^"]*"', "", response.content.decode())


@pytest.fixture
def stranger(survey: Survey) -> Annotator:
    return Annotator(survey)


def test_another_person_s_pictures_are_as_if_they_were_not_there(annotator, stranger: Annotator):
    trial = annotator.pair()["trials"][0]
    nowhere = page_of(stranger.client.get("/s/study/p/nowhere"))
    for address in (trial["left"], trial["right"]):
        assert annotator.client.get(address).status_code == 200
        found = stranger.client.get(address)
        assert (found.status_code, page_of(found)) == (404, nowhere)
        assert Client().get(address).status_code == 404


@pytest.mark.parametrize(
    ("operation", "more"),
    [("votes", {**VIEWING, "answer": "left"}), ("skips", {"reason": "picture-failed"})],
)
def test_another_person_s_pair_is_as_if_it_were_not_there(annotator, stranger, operation, more):
    token = annotator.pair()["trials"][0]["token"]
    theirs = stranger.post(operation, token=token, **more)
    none = stranger.post(operation, token="nowhere", **more)
    assert theirs.status_code == none.status_code == 409
    assert theirs.json() == none.json()
    assert Assignment.objects.get(token=token).state == "open"
    assert not Vote.objects.exists()


def test_a_session_is_of_one_survey(annotator: Annotator):
    survey_make("other", photos=1)
    annotator.client.cookies["participant-other"] = annotator.session.key
    assert annotator.client.post("/api/survey/other/pair/").json()["code"] == "no-session"
    assert annotator.client.get("/s/other/pair/")["Location"] == "/s/other/"


def test_answers_list_nobody(annotator: Annotator, stranger: Annotator):
    others = (stranger.session.key, stranger.session.participant.code)
    state = annotator.post("pair")
    page = annotator.client.get("/s/study/pair/")
    for response in (state, page):
        text = response.content.decode() + str(response.headers) + str(response.cookies)
        assert not any(word in text for word in others)
        assert annotator.session.participant.code not in text
