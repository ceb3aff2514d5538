"""The way in: invites, and how often one address may begin."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from survey.models import Origin, Participant, Session, Survey, SurveyInvite
from survey.services.invites import invites_make
from tests.factories import survey_make


@pytest.fixture
def link(db: None) -> str:
    survey = survey_make(access="invite")
    ada = User.objects.create_superuser("ada", password="pw")
    (made,) = invites_make(survey, count=1, label="Ben", actor=ada)
    return f"/s/study/i/{made.token}/"


def test_without_an_invite_the_start_page_says_what_to_do(link: str, client: Client):
    for answer in (client.get("/s/study/"), client.post("/s/study/")):
        assert answer.status_code == 403
        assert "by invitation" in answer.content.decode()
    assert not Participant.objects.exists()


def test_looking_at_an_invite_uses_nothing_up(link: str, client: Client):
    for _scanner in range(3):
        assert client.get(link).status_code == 200
    assert not SurveyInvite.objects.get().is_used


def test_an_invite_to_a_draft_says_that_it_has_not_begun_and_stays_good(link: str, client: Client):
    Survey.objects.update(state="draft")
    for answer in (client.get(link), client.post(link)):
        page = answer.content.decode()
        assert "This survey has not begun yet. Please come back later with the same link." in page
        assert "closed" not in page
    Survey.objects.update(state="open")
    assert client.post(link).headers["Location"] == "/s/study/consent/"


def test_an_invite_is_used_by_the_button_and_the_browser_goes_on(link: str, client: Client):
    assert client.post(link).headers["Location"] == "/s/study/consent/"
    assert Participant.objects.get().origin == Origin.PERSON
    # The same browser comes back with the used link, and without it.
    for address in (link, "/s/study/"):
        assert client.post(address).headers["Location"] == "/s/study/consent/"
    assert Participant.objects.count() == 1
    stranger = Client().post(link)
    assert stranger.status_code == 410
    assert "does not work any more" in stranger.content.decode()


def test_a_survey_by_invitation_is_not_listed(link: str, client: Client):
    survey_make("everybody")
    home = client.get("/").content.decode()
    assert "/s/everybody/" in home
    assert "/s/study/" not in home


def test_staff_preview_without_an_invite(link: str, admin_client: Client):
    assert admin_client.post("/s/study/").status_code == 302
    assert Participant.objects.get().origin == Origin.TEST


def test_one_address_begins_only_so_often(db: None, settings):
    settings.STARTS_PER_MINUTE = 3
    cache.clear()
    survey_make()
    answers = [Client().post("/s/study/") for _person in range(5)]
    # The clock may turn to a new minute in between: then one more may begin.
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 60
    assert "Too many people began" in refused[0].content.decode()
    assert Participant.objects.count() == 5 - len(refused)
    cache.clear()


def origin_of_votes(client: Client, address: str = "/s/study/") -> str:
    """Begin or go on; whose session is it now?"""
    client.post(address)
    client.get("/s/study/consent/")
    key = next(
        session.key
        for session in Session.objects.order_by("-pk")
        if any(session.key in morsel.value for morsel in client.cookies.values())
    )
    return Session.objects.get(key=key).participant.origin


def test_after_a_log_out_a_preview_is_nobodys(survey: Survey, admin: Client):
    assert origin_of_votes(admin) == Origin.TEST
    assert "this is a preview" in admin.get("/s/study/").content.decode()
    kept = admin.cookies["preview-study"].value
    admin.logout()
    # As a browser would: the cookie of the log-in is gone, that of the preview is not.
    client = Client()
    client.cookies["preview-study"] = kept
    assert "this is a preview" not in client.get("/s/study/").content.decode()
    assert client.post("/api/survey/study/pair/").status_code == 403
    assert client.post("/s/study/").status_code == 302
    assert sorted(Participant.objects.values_list("origin", flat=True)) == ["person", "test"]


def test_a_preview_leaves_the_session_of_a_person_where_it_was(survey: Survey, admin: Client):
    person = Client()
    person.post("/s/study/")
    mine = person.cookies["participant-study"].value
    admin.cookies["participant-study"] = mine
    # Staff at the person's browser: their pages lead to the start, and the start to a preview.
    assert admin.get("/s/study/consent/").headers["Location"] == "/s/study/"
    admin.post("/s/study/")
    assert admin.get("/s/study/consent/").status_code == 200
    assert admin.cookies["participant-study"].value == mine
    assert person.get("/s/study/consent/").status_code == 200
    assert Participant.objects.filter(origin=Origin.PERSON).count() == 1


def test_a_second_invite_in_the_same_browser_is_a_second_person(db: None, client: Client):
    survey = survey_make(access="invite")
    ada = User.objects.create_superuser("ada", password="pw")
    first, second = invites_make(survey, count=2, label="Lab", actor=ada)
    client.post(f"/s/study/i/{first.token}/")
    assert "Go on where you left" in client.get("/s/study/").content.decode()
    page = client.get(f"/s/study/i/{second.token}/").content.decode()
    assert "Go on where you left" not in page
    client.post(f"/s/study/i/{second.token}/")
    assert Participant.objects.count() == 2
    assert SurveyInvite.objects.filter(is_used=True).count() == 2


def test_an_invite_of_a_survey_that_is_open_to_all_begins_nobody_anew(db: None, client: Client):
    """As when a survey was by invitation once: the links are in people's mail."""
    survey = survey_make()
    ada = User.objects.create_superuser("ada", password="pw")
    (made,) = invites_make(survey, count=1, label="Ben", actor=ada)
    address = f"/s/study/i/{made.token}/"
    client.post(address)
    held = client.cookies["participant-study"].value
    assert "Go on where you left" in client.get(address).content.decode()
    for _click in range(3):
        assert client.post(address).headers["Location"] == "/s/study/consent/"
    assert client.cookies["participant-study"].value == held
    assert Participant.objects.count() == 1
    assert not SurveyInvite.objects.get().is_used


@pytest.mark.parametrize("mark", ["x", "0" * 16, "ä"])
def test_a_mark_that_no_session_has_begins_nobody_anew(survey: Survey, client: Client, mark: str):
    client.post("/s/study/")
    held = client.cookies["participant-study"].value
    assert "Go on where you left" in client.get(f"/s/study/?session={mark}").content.decode()
    for _click in range(3):
        assert client.post(f"/s/study/?session={mark}").headers["Location"] == "/s/study/consent/"
    assert client.cookies["participant-study"].value == held
    assert Participant.objects.count() == 1


@pytest.mark.parametrize("value", ['"a\\000b"', "x" * 5000, "ä" * 43, "' OR 1=1"])
def test_a_cookie_that_is_no_key_is_no_session(survey: Survey, value: str):
    client = Client(headers={"cookie": f"participant-study={value}"})
    assert client.get("/s/study/").status_code == 200
    assert client.get("/s/study/p/abc").status_code == 404
    assert client.post("/api/survey/study/pair/").status_code in {401, 403}
