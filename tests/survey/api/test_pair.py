"""POST /api/survey/<slug>/pair/"""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from survey.models import Assignment, Survey
from survey.services.leasing import WAIT
from survey.services.stimuli import stimuli_register
from survey.services.surveys import survey_close
from tests.factories import CONDITIONS, picture_make, survey_make
from tests.people import Annotator


def test_it_leases_a_pair_and_the_next(annotator: Annotator):
    state = annotator.pair()
    assert state["state"] == "pair"
    assert (state["done"], state["total"]) == (0, 4)
    assert len({trial["token"] for trial in state["trials"]}) == 2
    assert Assignment.objects.filter(state="open").count() == 2


def test_it_shows_the_same_open_pair_on_reload_and_in_a_second_tab(annotator: Annotator):
    assert annotator.pair() == annotator.pair()


def test_it_tells_nothing_of_the_original(annotator: Annotator):
    trial = annotator.pair()["trials"][0]
    assert set(trial) == {"token", "left", "right", "width", "height"}
    text = str(trial)
    assert not any(word in text for word in ("original", "photo-", "contrast", "stimuli", ".jpg"))


def test_it_refuses_without_a_session(survey: Survey):
    answer = Client().post(f"/api/survey/{survey.slug}/pair/")
    assert answer.status_code == 403
    assert answer.json()["code"] == "no-session"


def test_it_refuses_before_consent(survey: Survey, annotator: Annotator):
    participant = annotator.session.participant
    participant.consented_at = None
    participant.save()
    assert annotator.post("pair").status_code == 403


def test_it_refuses_another_site_s_form(annotator: Annotator):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = annotator.client.cookies
    assert strict.post("/api/survey/study/pair/").status_code == 403
    assert Assignment.objects.count() == 0


def test_it_ends_the_session_of_a_closed_survey(survey: Survey, annotator: Annotator):
    annotator.pair()
    survey_close(survey)
    state = annotator.pair()
    assert state["state"] == "done"
    assert set(Assignment.objects.values_list("state", flat=True)) == {"expired"}
    annotator.session.refresh_from_db()
    # Nothing was judged, so there is nothing to show a code for.
    assert (annotator.session.end, annotator.session.completion_code) == ("closed", "")


def test_it_waits_while_pictures_are_to_come(annotator: Annotator, survey: Survey):
    judged = annotator.pair()["trials"][0]["token"]
    survey.stimuli.filter(condition__isnull=False).exclude(assignments__token=judged).delete()
    assert annotator.vote(judged).json()["state"] == "waiting"
    # What is still to come may never be for this person: nobody waits for ever.
    later(annotator)
    assert annotator.pair()["state"] == "done"


def later(annotator: Annotator) -> None:
    annotator.session.refresh_from_db()
    annotator.session.waiting_since -= WAIT
    annotator.session.save()


def test_who_has_judged_nothing_is_not_ended_by_waiting(annotator: Annotator, survey: Survey):
    survey.stimuli.filter(condition__isnull=False).delete()
    assert annotator.pair()["state"] == "waiting"
    later(annotator)
    assert annotator.pair()["state"] == "waiting"
    stimuli_register(survey.pk, [picture_make(0, condition) for condition in (None, *CONDITIONS)])
    assert annotator.pair()["state"] == "pair"


def test_a_page_that_waits_asks_little(db: None):
    study = survey_make(photos=1, trials=4)
    study.pairs_expected = 1000
    study.save()
    person = Annotator(study)
    assert person.vote(person.pair()["trials"][0]["token"]).json()["state"] == "waiting"
    with CaptureQueriesContext(connection) as asked:
        assert person.pair()["state"] == "waiting"
    # The session twice, its trials, what is left for it, what is ready; not once a condition.
    assert len([query for query in asked if query["sql"].startswith("SELECT")]) <= 6


def test_it_ends_when_nothing_eligible_is_left(annotator: Annotator, survey: Survey):
    survey.stimuli.exclude(photo="photo-0.jpg").filter(condition__isnull=False).delete()
    survey.pairs_expected = 6
    survey.save()
    state = annotator.pair()
    assert len(state["trials"]) == 1
    last = annotator.vote(state["trials"][0]["token"]).json()
    assert last["state"] == "done"
    assert last["done"] == 1
    annotator.session.refresh_from_db()
    assert len(annotator.session.completion_code) == 9


def test_it_is_404_for_an_unknown_survey(annotator: Annotator):
    assert annotator.client.post("/api/survey/nowhere/pair/").status_code == 404
