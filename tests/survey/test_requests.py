"""Whose request it is, in a browser that holds the session of a person and a preview."""

import hmac

import pytest
from django.conf import settings
from django.test import Client
from django.utils.crypto import salted_hmac

from survey.models import Origin, Session, Survey, Vote
from survey.requests import key_mark, log_in_mark
from survey.services.sessions import ALPHABET, CODE_SALT, completion_code
from survey.services.surveys import survey_close, survey_open
from tests.people import VIEWING, Annotator


@pytest.fixture
def person(annotator: Annotator) -> Annotator:
    return annotator


@pytest.fixture
def browser(survey: Survey, person: Annotator, admin: Client) -> Client:
    """A person took part here; then staff logged in and began a preview, which goes on."""
    admin.cookies["participant-study"] = person.session.key
    admin.post("/s/study/")
    assert {"participant-study", "preview-study"} <= admin.cookies.keys()
    return admin


def post(browser: Client, operation: str, mark: str = "", **body: object):
    headers = {"X-Session-Mark": mark} if mark else {}
    url = f"/api/survey/study/{operation}/"
    return browser.post(url, body, content_type="application/json", headers=headers)


def preview_agrees(browser: Client) -> str:
    """Go on to the pairs; return the mark of the preview."""
    browser.post("/s/study/consent/", {"text": browser.get("/s/study/consent/").context["digest"]})
    browser.post("/s/study/instructions/")
    return browser.get("/s/study/pair/").context["session_mark"]


def test_each_page_s_votes_are_its_session_s(person: Annotator, browser: Client):
    mine = person.pair()["trials"][0]
    theirs = preview_agrees(browser)
    staff = post(browser, "pair", theirs).json()["trials"][0]
    vote = {**VIEWING, "token": mine["token"], "answer": "right"}
    # A page of before there were marks: the preview that goes on comes first, as it always did.
    refused = post(browser, "votes", **vote)
    assert (refused.status_code, refused.json()["code"]) == (409, "gone")
    assert post(browser, "votes", key_mark(person.session.key), **vote).status_code == 200
    vote = {**VIEWING, "token": staff["token"], "answer": "left"}
    assert post(browser, "votes", theirs, **vote).status_code == 200
    votes = Vote.objects.order_by("pk").values_list("origin", "chosen_side")
    assert list(votes) == [(Origin.PERSON, "right"), (Origin.TEST, "left")]


def test_every_operation_goes_by_the_mark(person: Annotator, browser: Client):
    preview_agrees(browser)
    mark = key_mark(person.session.key)
    state = post(browser, "pair", mark).json()
    token = state["trials"][0]["token"]
    vote = {**VIEWING, "token": token, "answer": "left"}
    assert post(browser, "votes", mark, **vote).json()["undo"] == token
    assert post(browser, "undo", mark, token=token).json()["revising"]
    assert post(browser, "breaks", mark, resting=True).status_code == 200
    assert person.session.breaks.count() == 1
    again = person.pair()["trials"][0]["token"]
    skipped = post(browser, "skips", mark, token=again, reason="unsuitable")
    assert not skipped.json()["revising"]


def test_a_mark_that_no_session_here_has_is_no_session(person: Annotator, browser: Client):
    # That of a preview that was ended by logging out, or of the person before the present one.
    for mark in ("0" * 16, key_mark("x"), "ä", "'"):
        refused = post(browser, "pair", mark)
        assert (refused.status_code, refused.json()["code"]) == (403, "no-session")
        assert "start page" in refused.json()["detail"]
    assert browser.get("/s/study/pair/?session=0").headers["Location"] == "/s/study/"


def test_a_mark_opens_nothing_without_its_cookie(person: Annotator):
    stranger = Client()
    assert post(stranger, "pair", key_mark(person.session.key)).status_code == 403
    stranger.cookies["participant-study"] = key_mark(person.session.key)
    assert post(stranger, "pair", key_mark(person.session.key)).status_code == 403


def test_both_pages_get_their_pictures(person: Annotator, browser: Client):
    theirs = preview_agrees(browser)
    staff = post(browser, "pair", theirs).json()["trials"][0]
    mine = person.pair()["trials"][0]
    for trial in (mine, staff):
        assert {browser.get(trial[side]).status_code for side in ("left", "right")} == {200}
        # No picture's address says whose it is: nothing there could differ.
        assert "session" not in trial["left"] + trial["right"]
    other = Annotator(person.survey).pair()["trials"][0]
    assert browser.get(other["left"]).status_code == 404


def test_the_mark_is_of_the_session_and_of_no_pair(person: Annotator):
    marks, tokens = set(), set()
    for _pair in range(4):
        marks.add(person.client.get("/s/study/pair/").context["session_mark"])
        token = person.pair()["trials"][0]["token"]
        tokens.add(token)
        person.vote(token)
    assert len(tokens) == 4
    assert marks == {key_mark(person.session.key)}
    assert person.session.key not in person.client.get("/s/study/pair/").content.decode()


def test_only_where_there_are_two_an_address_says_which(person: Annotator, browser: Client):
    mark = key_mark(person.session.key)
    assert person.pair()["next"] == "/s/study/done/"
    assert post(browser, "pair", mark).json()["next"] == f"/s/study/done/?session={mark}"


def test_a_person_s_open_pages_go_on_beside_a_preview(survey: Survey, admin: Client):
    person = Client()
    person.post("/s/study/")
    consent = person.get("/s/study/consent/")
    mark = consent.context["session_mark"]
    assert f'action="?session={mark}"' in consent.content.decode()
    admin.cookies["participant-study"] = person.cookies["participant-study"].value
    admin.post("/s/study/")
    agreed = admin.post(f"/s/study/consent/?session={mark}", {"text": consent.context["digest"]})
    assert agreed.headers["Location"] == f"/s/study/instructions/?session={mark}"
    seen = admin.post(agreed.headers["Location"])
    assert seen.headers["Location"] == f"/s/study/pair/?session={mark}"
    shown = admin.get(seen.headers["Location"])
    assert shown.context["session_mark"] == mark
    participant = survey.participants.get(origin=Origin.PERSON)
    assert participant.consented_at is not None
    assert survey.participants.get(origin=Origin.TEST).consented_at is None


def test_who_finishes_beside_a_preview_gets_the_code(
    survey: Survey, person: Annotator, browser: Client
):
    survey.settings = {**survey.settings, "trials": 1}
    survey.save(update_fields=["settings"])
    token = person.pair()["trials"][0]["token"]
    mark = key_mark(person.session.key)
    vote = {**VIEWING, "token": token, "answer": "left"}
    done = post(browser, "votes", mark, **vote).json()
    assert done["state"] == "done"
    person.session.refresh_from_db()
    page = browser.get(done["next"]).content.decode()
    assert person.session.completion_code in page
    # Without the mark it is the browser of whoever previews.
    preview = key_mark(browser.cookies["preview-study"].value.partition(".")[0])
    plain = browser.get("/s/study/done/")
    assert plain.headers["Location"] == f"/s/study/pair/?session={preview}"


def test_a_mark_is_made_for_a_log_in_that_holds_and_not_for_what_a_cookie_says(
    survey: Survey, person: Annotator, browser: Client
):
    """Else anybody who began a preview once would have any text signed."""
    key = browser.cookies["preview-study"].value.partition(".")[0]
    for said in (f"{survey.pk}:{person.session.participant.code}", "x"):
        evil = Client()
        evil.cookies["sessionid"] = said
        evil.cookies["participant-study"] = key
        evil.post("/s/study/")
        assert not [name for name in evil.cookies if name.startswith("preview-")]
        evil.cookies["preview-study"] = f"{key}.{'0' * 64}"
        assert evil.post("/api/survey/study/pair/").status_code == 403


def test_no_two_things_are_signed_alike(survey: Survey, person: Annotator, rf):
    """A mark of a cookie that holds what a code is made of has nothing of the code."""
    participant = person.session.participant
    text = f"{survey.pk}:{participant.code}"
    request = rf.get("/")
    request.COOKIES["sessionid"] = text
    mark = bytes.fromhex(log_in_mark(request))
    code = salted_hmac(CODE_SALT, text, algorithm="sha256").digest()
    plain = hmac.digest(settings.SECRET_KEY.encode(), text.encode(), "sha256")
    assert len({mark, code, plain}) == 3
    assert len({letters_of(each) for each in (mark, plain)} | {completion_code(participant)}) == 3
    assert letters_of(code) == completion_code(participant)


def letters_of(digest: bytes) -> str:
    """A code as services/sessions.py writes it, written a second way."""
    number = int.from_bytes(digest[:8])
    letters = [ALPHABET[number // len(ALPHABET) ** place % len(ALPHABET)] for place in range(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def test_a_code_that_was_given_stays(survey: Survey, person: Annotator):
    """Also one that was signed in another way, as before: it may have been handed in."""
    token = person.pair()["trials"][0]["token"]
    person.vote(token)
    survey_close(survey)
    assert person.pair()["state"] == "done"
    Session.objects.filter(pk=person.session.pk).update(completion_code="2345-6789")
    survey_open(survey)
    state = person.pair()
    while state["state"] == "pair":
        state = person.vote(state["trials"][0]["token"]).json()
    assert "2345-6789" in person.client.get("/s/study/done/").content.decode()
    person.session.refresh_from_db()
    assert person.session.end in {"quota", "exhausted"}
    assert person.session.completion_code == "2345-6789"
