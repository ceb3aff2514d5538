"""The page of invites."""

import re

from django.test import Client

from survey.models import Survey, SurveyInvite
from tests.factories import survey_make

PAGE = "/dashboard/surveys/study/invites/"


def test_links_are_shown_once_and_work(admin: Client):
    survey_make(access="invite")
    made = admin.post(f"{PAGE}make/", {"count": "3", "label": "Lab course"}).content.decode()
    links = re.findall(r"http://testserver(/s/study/i/[\w-]+/)", made)
    assert len(set(links)) == 3
    assert "Lab course 2" in made
    assert Client().post(links[0]).status_code == 302
    page = admin.get(PAGE).content.decode()
    assert not re.findall(r"/s/study/i/[\w-]+/", page)
    assert "3 made: 1 used, 2 not used yet, 0 withdrawn." in page


def test_unused_links_can_be_withdrawn(admin: Client):
    survey_make(access="invite")
    admin.post(f"{PAGE}make/", {"count": "2", "label": ""})
    key = SurveyInvite.objects.first().pk
    said = admin.post(f"{PAGE}withdraw/", {"invite": [str(key), "x", "9" * 5000]}, follow=True)
    assert "1 invite was withdrawn." in said.content.decode()
    said = admin.post(f"{PAGE}withdraw/", {}, follow=True)
    assert "Nothing was withdrawn" in said.content.decode()


def test_an_open_survey_says_that_nobody_needs_one(admin: Client, survey: Survey):
    assert "nobody needs an invite" in admin.get(PAGE).content.decode()


def test_bad_numbers_are_named(admin: Client, survey: Survey):
    answer = admin.post(f"{PAGE}make/", {"count": "0", "label": ""})
    assert answer.status_code == 400
    assert not SurveyInvite.objects.exists()


def test_only_admins(analyst: Client, outsider: Client, survey: Survey):
    for client in (analyst, outsider):
        assert client.get(PAGE).status_code == 403
        assert client.post(f"{PAGE}make/", {"count": "1"}).status_code == 403
    assert Client().get(PAGE).status_code == 302


def test_the_survey_page_says_who_takes_part(admin: Client, analyst: Client, survey: Survey):
    survey_make("lab", access="invite")
    link = "/dashboard/surveys/lab/invites/"
    assert "Everybody with the address" in admin.get("/dashboard/surveys/study/").content.decode()
    assert link in admin.get("/dashboard/surveys/lab/").content.decode()
    seen = analyst.get("/dashboard/surveys/lab/").content.decode()
    assert "single-use invite" in seen
    assert link not in seen
