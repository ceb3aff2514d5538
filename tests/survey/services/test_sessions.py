"""Leases: who sees what, and how often."""

from collections import Counter
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from survey.models import Assignment, Origin, Survey
from survey.selectors.leasing import condition_counts
from survey.services.leasing import trials_lease
from tests.factories import session_make, survey_make
from tests.people import Annotator


def judge_all(person: Annotator) -> list[Assignment]:
    state = person.pair()
    while state["state"] == "pair":
        state = person.vote(state["trials"][0]["token"]).json()
    return list(person.session.assignments.order_by("position").select_related("stimulus"))


def test_a_photo_comes_once_a_person(db):
    survey = survey_make(photos=6, trials=6)
    photos = [trial.stimulus.photo for trial in judge_all(Annotator(survey))]
    assert len(photos) == len(set(photos)) == 6


def test_a_repeated_photo_never_comes_within_the_gap(db):
    survey = survey_make(photos=5, trials=25, photo_repeats=12, photo_gap=3)
    trials = judge_all(Annotator(survey))
    photos = [trial.stimulus.photo for trial in trials]
    assert len(photos) == 25
    assert all(photo not in photos[max(0, i - 3) : i] for i, photo in enumerate(photos))
    assert len({trial.stimulus_id for trial in trials}) == 25


def test_conditions_stay_balanced_over_people(db):
    survey = survey_make(photos=5, trials=5)
    for _person in range(6):
        judge_all(Annotator(survey))
    counts = Counter(Assignment.objects.values_list("condition", flat=True))
    assert sum(counts.values()) == 30
    assert set(counts.values()) == {5}


def test_open_leases_count_and_expired_ones_do_not(survey: Survey):
    trials_lease(session_make(survey))
    now = timezone.now()
    mine = {"origin": Origin.PERSON}
    assert sum(condition_counts(survey, now=now, **mine).values()) == 2
    later = now + timedelta(hours=1)
    assert sum(condition_counts(survey, now=later, **mine).values()) == 0


def test_previews_do_not_count(survey: Survey):
    trials_lease(session_make(survey, origin=Origin.TEST))
    assert sum(condition_counts(survey, origin=Origin.PERSON, now=timezone.now()).values()) == 0


def test_being_there_renews_the_leases(survey: Survey):
    session = session_make(survey)
    trials_lease(session)
    early = timezone.now() + timedelta(minutes=1)
    Assignment.objects.update(expires_at=early)
    trials_lease(session)
    assert Assignment.objects.filter(expires_at__gt=early).count() == 2


def test_the_cost_of_a_lease_does_not_grow_with_the_votes(db):
    survey = survey_make(trials=3)
    costs = []
    for _person in range(3):
        session = session_make(survey)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            trials_lease(session)
        costs.append(len(queries))
        judge_all(Annotator(survey))
    assert len(set(costs)) == 1
    assert costs[0] <= 22
