"""Start -> consent -> instructions -> pair -> done, and who may not."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from survey.models import Origin, Participant, Session, Survey, Vote
from survey.services.surveys import survey_change, survey_close
from tests.factories import survey_make
from tests.people import Annotator


def send(client: Client, step: str):
    """Open a page and send its form as a browser does, hidden fields and all."""
    page = client.get(f"/s/study/{step}").content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page))
    return client.post(f"/s/study/{step}", hidden)


def walk(client: Client) -> None:
    for step in ("", "consent/", "instructions/"):
        assert send(client, step).status_code == 302


def test_a_link_preview_uses_up_nothing(survey: Survey):
    client = Client()
    for address in ("/", "/s/study/", "/about/"):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    assert not Participant.objects.exists()
    assert not client.cookies.get("sessionid")


def test_it_says_how_much_how_long_and_how_many_bytes(db):
    survey_make(trials=85)
    page = Client().get("/s/study/").content.decode()
    assert "85 pairs" in page
    assert "about 7 minutes" in page
    assert "about 1 MB" in page


def test_start_makes_one_participant_a_browser(survey: Survey):
    client = Client()
    for _again in range(2):
        assert client.post("/s/study/")["Location"] == "/s/study/consent/"
    participant = Participant.objects.get()
    assert len(participant.code) == 10
    assert participant.origin == Origin.PERSON
    assert participant.consented_at is None


def test_consent_is_stored_word_for_word_with_its_version(survey: Survey):
    survey_change(survey, settings={"consent_text": "Agreed text", "consent_version": "7"})
    client = Client()
    walk(client)
    survey_change(survey, settings={"consent_text": "Later text", "consent_version": "8"})
    participant = Participant.objects.get()
    assert (participant.consent_version, participant.consent_text) == ("7", "Agreed text")
    assert participant.consented_at is not None
    send(client, "consent/")
    participant.refresh_from_db()
    assert participant.consent_version == "7"


def test_nobody_agrees_to_a_text_that_was_not_shown(survey: Survey):
    client = Client()
    client.post("/s/study/")
    shown = client.get("/s/study/consent/").content.decode()
    digest = re.search(r'name="text" value="(\w+)"', shown)
    survey_change(survey, settings={"consent_text": "Another text"})
    again = client.post("/s/study/consent/", {"text": digest.group(1)})
    assert again.status_code == 200
    assert "has just been changed" in again.content.decode()
    assert "Another text" in again.content.decode()
    assert Participant.objects.get().consented_at is None


@pytest.mark.parametrize(
    ("steps", "page", "sent_to"),
    [
        ([], "consent/", "/s/study/"),
        ([], "pair/", "/s/study/"),
        ([], "done/", "/s/study/"),
        ([""], "instructions/", "/s/study/consent/"),
        ([""], "pair/", "/s/study/consent/"),
        (["", "consent/"], "pair/", "/s/study/instructions/"),
        (["", "consent/", "instructions/"], "done/", "/s/study/pair/"),
    ],
)
def test_no_step_can_be_left_out(survey: Survey, steps: list[str], page: str, sent_to: str):
    client = Client()
    for step in steps:
        send(client, step)
    assert client.get(f"/s/study/{page}")["Location"] == sent_to


def test_a_finished_session_goes_to_its_code(annotator: Annotator):
    state = annotator.pair()
    while state["state"] == "pair":
        state = annotator.vote(state["trials"][0]["token"]).json()
    assert annotator.client.get("/s/study/pair/")["Location"] == "/s/study/done/"
    assert annotator.client.post("/s/study/")["Location"] == "/s/study/done/"
    assert "taken part already" in annotator.client.get("/s/study/").content.decode()
    assert Participant.objects.count() == 1


def test_somebody_who_comes_back_goes_on_where_they_left(annotator: Annotator):
    assert annotator.client.post("/s/study/")["Location"] == "/s/study/pair/"


def test_codes_differ_and_stay(survey: Survey):
    from survey.services.sessions import completion_code

    people = [Annotator(survey).session.participant for _person in range(5)]
    codes = [completion_code(person) for person in people]
    assert len(set(codes)) == 5
    assert codes == [completion_code(person) for person in people]


def test_staff_previews_are_marked(admin: Client, survey: Survey):
    walk(admin)
    assert Participant.objects.get().origin == Origin.TEST
    assert "preview" in admin.get("/s/study/").content.decode()


def test_staff_who_began_before_logging_in_get_a_preview(admin: Client, survey: Survey):
    mixed = Client()
    walk(mixed)
    assert Participant.objects.get().origin == Origin.PERSON
    mixed.force_login(
        User.objects.get(username="ada"), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert "this is a preview" in mixed.get("/s/study/").content.decode()
    assert mixed.post("/s/study/")["Location"] == "/s/study/consent/"
    assert Participant.objects.filter(origin=Origin.TEST).count() == 1


def test_who_took_part_gets_the_code_of_a_closed_survey(survey: Survey, annotator: Annotator):
    annotator.vote(annotator.pair()["trials"][0]["token"])
    survey_close(survey)
    page = annotator.client.get("/s/study/").content.decode()
    assert "Finish, and show my completion code" in page
    annotator.pair()
    done = annotator.client.get("/s/study/done/").content.decode()
    annotator.session.refresh_from_db()
    assert annotator.session.end == "closed"
    assert annotator.session.completion_code in done
    assert "has been closed" in done


def test_a_closed_survey_says_so(survey: Survey):
    survey_close(survey)
    assert "This survey is closed" in Client().get("/s/study/").content.decode()
    assert Client().post("/s/study/").status_code == 409
    assert not Participant.objects.exists()


def test_a_survey_that_has_not_begun_says_so(survey: Survey):
    Survey.objects.update(state="draft")
    for answer in (Client().get("/s/study/"), Client().post("/s/study/")):
        page = answer.content.decode()
        assert "This survey has not begun yet. Please come back later with the same link." in page
        assert "closed" not in page
    assert not Participant.objects.exists()


def test_a_survey_without_pairs_says_that_it_is_being_prepared(survey: Survey):
    survey.stimuli.filter(condition__isnull=False).delete()
    for address in ("/", "/s/study/"):
        page = Client().get(address).content.decode()
        assert "being prepared" in page
        assert "js/wait.js" in page


def test_the_start_page_works_before_any_survey(db):
    page = Client().get("/").content.decode()
    assert "being prepared" in page


def test_credits_are_on_the_about_page(survey: Survey):
    assert "credit 2" in Client().get("/about/").content.decode()


def test_no_address_and_no_user_agent_is_stored(survey: Survey):
    client = Client(REMOTE_ADDR="203.0.113.77", HTTP_USER_AGENT="Telltale/1.0")
    walk(client)
    annotator = Annotator(survey)
    annotator.client = client
    state = annotator.pair()
    annotator.vote(state["trials"][0]["token"])
    assert Vote.objects.count() == 1
    from django.contrib.sessions.models import Session as Cookie

    rows = [str(list(model.objects.values())) for model in (Participant, Session, Vote)] + [
        str(cookie.get_decoded()) for cookie in Cookie.objects.all()
    ]
    assert not any("203.0.113.77" in row or "Telltale" in row for row in rows)


def test_pages_carry_the_content_security_policy(survey: Survey):
    policy = Client().get("/s/study/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_titles_are_escaped(db):
    survey = survey_make()
    survey.title = "<script>alert(1)</script>"
    survey.save()
    for address in ("/", "/s/study/", "/about/"):
        assert b"<script>alert" not in Client().get(address).content
