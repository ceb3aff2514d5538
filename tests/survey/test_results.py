"""From votes to the numbers on the page."""

import pytest
from django.test import Client
from django.utils import timezone

from survey import results
from survey.models import Session, Survey, Vote
from survey.selectors.results import ledger, participants_count
from tests.people import Annotator


def test_without_votes_nothing_is_claimed(survey: Survey):
    shown = results.survey_results(survey)
    assert shown["votes"] == 0
    assert shown["share"]["pooled"] is None
    assert shown["share"]["equal_weight_condition"] is None
    assert all(level["share"] is None for d in shown["distortions"] for level in d["levels"])


def test_counts_add_up_and_previews_are_left_out(survey: Survey, django_assert_num_queries):
    for origin in ("person", "person", "test"):
        person = Annotator(survey, origin=origin)
        state = person.pair()
        while state["state"] == "pair":
            state = person.vote(state["trials"][0]["token"], "left").json()
    # 1 conditions, 2 counts, 3 participants, 4 ready pairs, 5 ledger, 6 skips
    with django_assert_num_queries(6):
        shown = results.survey_results(survey)
    real = Vote.objects.filter(origin="person")
    originals = real.filter(original_preferred=True).count()
    assert shown["votes"] == 8
    assert shown["participants"] == {"voted": 2, "finished": 2, "previews": 1, "simulated": 0}
    assert shown["share"]["pooled"]["value"] == originals / 8
    assert sum(d["votes"] for d in shown["distortions"]) == 8
    assert (
        sum(level["originals"] for d in shown["distortions"] for level in d["levels"]) == originals
    )
    assert shown["ledger"] == {
        "shown": 8, "voted": 8, "skipped": 0, "expired": 0, "open": 0,
        "difference": 0, "uncounted": 0,
    }  # fmt: skip
    # A row that got lost is seen.
    real.first().delete()
    assert ledger(survey, now=timezone.now())["difference"] == 1
    # Everybody chose the left photo.
    assert shown["sides"]["left_chosen"]["value"] == 1.0
    assert shown["sides"]["left_chosen_by_layout"]["side-by-side"]["n"] == 8
    assert shown["sides"]["left_chosen_by_layout"]["stacked"] is None
    assert shown["sides"]["original_left"]["value"] == originals / 8


def test_equal_weight_is_the_mean_over_conditions_once_each_has_a_vote(survey: Survey):
    for voted in (4, 6):
        person = Annotator(survey)
        state = person.pair()
        while state["state"] == "pair":
            state = person.vote(state["trials"][0]["token"], "left").json()
        shown = results.survey_results(survey)["share"]
        assert (shown["conditions_with_votes"], shown["conditions"]) == (voted, 6)
        if voted < 6:
            assert shown["equal_weight_condition"] is None
    levels = [level for d in results.survey_results(survey)["distortions"] for level in d["levels"]]
    mean = sum(level["share"]["value"] for level in levels) / 6
    assert shown["equal_weight_condition"]["value"] == pytest.approx(mean)
    assert shown["equal_weight_condition"]["n"] == 8


def test_a_person_with_two_sessions_is_counted_once(survey: Survey, annotator: Annotator):
    annotator.vote(annotator.pair()["trials"][0]["token"])
    Session.objects.create(participant=annotator.session.participant, key="k" * 43)
    Session.objects.update(finished_at=timezone.now())
    assert participants_count(survey) == {
        "voted": 1, "finished": 1, "previews": 0, "simulated": 0,
    }  # fmt: skip


def test_the_api_is_for_staff(survey: Survey, admin: Client, outsider: Client):
    address = "/api/survey/study/results/"
    assert admin.get(address).json()["survey"] == "study"
    assert outsider.get(address).status_code == 403
    assert Client().get(address).status_code == 401
    assert admin.get("/api/survey/nowhere/results/").status_code == 404
