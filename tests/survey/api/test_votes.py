"""POST /api/survey/<slug>/votes/ and skips/"""

from datetime import timedelta

import pytest
from django.utils import timezone

from survey.models import Assignment, Survey, Vote
from survey.services.surveys import survey_close
from tests.people import Annotator


@pytest.fixture
def token(annotator: Annotator) -> str:
    return annotator.pair()["trials"][0]["token"]


def test_it_records_a_vote_and_returns_what_is_next(annotator: Annotator):
    first, second = annotator.pair()["trials"]
    answer = annotator.vote(first["token"], "right", focus_losses=2)
    assert answer.status_code == 200
    state = answer.json()
    assert state["done"] == 1
    assert state["trials"][0] == second
    assert state["trials"][1]["token"] not in {first["token"], second["token"]}
    vote = Vote.objects.get()
    assert vote.assignment.token == first["token"]
    assert vote.chosen_side == "right"
    assert vote.original_preferred == (vote.assignment.original_side == "right")
    assert (vote.response_ms, vote.rendered_width, vote.focus_losses) == (1234, 512.5, 2)
    assert vote.layout == "side-by-side"


def test_it_counts_a_replayed_vote_once(annotator: Annotator, token: str):
    first = annotator.vote(token).json()
    again = annotator.vote(token)
    assert again.status_code == 200
    assert again.json() == first
    assert Vote.objects.count() == 1


def test_it_keeps_the_first_of_two_answers(annotator: Annotator, token: str):
    annotator.vote(token, "left")
    other = annotator.vote(token, "right")
    assert other.status_code == 409
    assert other.json()["code"] == "conflict"
    assert Vote.objects.get().chosen_side == "left"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"response_ms": -1}, "response_ms"),
        ({"response_ms": "soon"}, "response_ms"),
        ({"layout": "diagonal"}, "layout"),
        ({"viewport_width": 0}, "viewport_width"),
        ({"device_pixel_ratio": "nan"}, "device_pixel_ratio"),
        ({"rendered_width": 1e12}, "rendered_width"),
        ({"token": ""}, "token"),
        ({"token": "x" * 33}, "token"),
    ],
)
def test_it_rejects_bad_input(annotator: Annotator, token: str, changes: dict, field: str):
    answer = annotator.vote(**{"token": token, **changes})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert field in answer.json()["fields"]
    assert field in answer.json()["detail"]
    assert not Vote.objects.exists()


def test_it_rejects_an_answer_that_is_no_side(annotator: Annotator, token: str):
    answer = annotator.vote(token, "both")
    assert answer.status_code == 400
    assert "left, right" in answer.json()["detail"]
    assert not Vote.objects.exists()


def test_it_rejects_another_person_s_pair(survey: Survey, token: str):
    stranger = Annotator(survey)
    answer = stranger.vote(token)
    assert answer.status_code == 409
    assert answer.json()["code"] == "gone"
    assert not Vote.objects.exists()


def test_it_rejects_a_closed_survey_in_words(survey: Survey, annotator: Annotator, token: str):
    survey_close(survey)
    answer = annotator.vote(token)
    assert answer.status_code == 409
    assert "closed" in answer.json()["detail"]
    assert not Vote.objects.exists()


def test_a_late_answer_counts_while_nothing_replaced_the_pair(annotator: Annotator, token: str):
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert annotator.vote(token).status_code == 200
    assert Vote.objects.count() == 1


def test_who_comes_back_late_finds_the_same_pairs(annotator: Annotator):
    before = annotator.pair()
    Assignment.objects.update(expires_at=timezone.now() - timedelta(days=9))
    assert annotator.pair() == before
    assert Assignment.objects.filter(expires_at__gt=timezone.now()).count() == 2


def test_an_answer_to_an_expired_pair_is_refused(annotator: Annotator, token: str):
    Assignment.objects.update(state="expired")
    answer = annotator.vote(token)
    assert answer.status_code == 409
    assert answer.json()["code"] == "gone"
    assert not Vote.objects.exists()


def test_a_picture_that_failed_skips_the_trial(annotator: Annotator, token: str):
    for _again in range(2):
        state = annotator.post("skips", token=token, reason="picture-failed").json()
        assert state["done"] == 0
        assert token not in {trial["token"] for trial in state["trials"]}
    trial = Assignment.objects.get(token=token)
    assert (trial.state, trial.skip_reason) == ("skipped", "picture-failed")
    assert annotator.vote(token).status_code == 409


def test_a_browser_that_shows_no_picture_ends_somewhere(annotator: Annotator, survey: Survey):
    state = annotator.pair()
    for _trial in range(100):
        if state["state"] == "done":
            break
        token = state["trials"][0]["token"]
        state = annotator.post("skips", token=token, reason="picture-failed").json()
    assert (state["state"], state["done"]) == ("done", 0)
    annotator.session.refresh_from_db()
    assert (annotator.session.end, annotator.session.completion_code) == ("pictures-failed", "")
    page = annotator.client.get(state["next"]).content.decode()
    assert "could not be shown in this browser" in page
    assert "completion code</span>" not in page


def test_an_answer_to_the_last_pair_brings_the_completion_code(annotator: Annotator):
    state = annotator.pair()
    while state["state"] == "pair":
        state = annotator.vote(state["trials"][0]["token"]).json()
    assert (state["state"], state["done"]) == ("done", 4)
    page = annotator.client.get(state["next"])
    annotator.session.refresh_from_db()
    assert annotator.session.completion_code in page.content.decode()
    assert Vote.objects.count() == 4
    assert not Assignment.objects.filter(state="open").exists()
