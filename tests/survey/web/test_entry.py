"""The way in: invites, and how often one address may begin."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from survey.models import Origin, Participant, SurveyInvite
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
    assert SurveyInvite.objects.get().used_at is None


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
