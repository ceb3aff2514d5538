"""POST /api/survey/<slug>/undo/, breaks/ and the people's own skips/"""

import pytest
from django.test import Client

from survey.models import Assignment, Break, Survey, Vote
from tests.factories import survey_make
from tests.people import Annotator


def test_a_vote_taken_back_comes_again_and_both_answers_stay(annotator: Annotator):
    first, second = annotator.pair()["trials"]
    state = annotator.vote(first["token"], "left").json()
    assert (state["undo"], state["revising"]) == (first["token"], False)
    back = annotator.post("undo", token=first["token"]).json()
    assert (back["done"], back["revising"], back["undo"]) == (1, True, None)
    again, following = back["trials"][:2]
    assert {**again, "token": first["token"]} == first
    assert again["token"] != first["token"]
    assert following == second
    state = annotator.vote(again["token"], "right").json()
    assert (state["done"], state["revising"], state["trials"][0]) == (1, False, second)
    vote = Vote.objects.get()
    assert (vote.chosen_side, vote.first_chosen_side, vote.revised) == ("right", "left", True)


def test_what_cannot_be_taken_back_is_said_in_words(annotator: Annotator):
    first, second = annotator.pair()["trials"]
    refused = annotator.post("undo", token=first["token"])
    assert (refused.status_code, refused.json()["code"]) == (409, "no-undo")
    annotator.vote(first["token"])
    annotator.vote(second["token"])
    refused = annotator.post("undo", token=first["token"])
    assert refused.json() == {
        "code": "no-undo", "detail": "Only your last answer can be taken back, and only once.",
    }  # fmt: skip
    assert annotator.post("undo").json()["fields"].keys() == {"token"}


def test_nobody_takes_back_another_person_s_vote(survey: Survey, annotator: Annotator):
    token = annotator.pair()["trials"][0]["token"]
    annotator.vote(token)
    refused = Annotator(survey).post("undo", token=token)
    assert (refused.status_code, refused.json()["code"]) == (409, "gone")
    assert Client().post(f"/api/survey/{survey.slug}/undo/").status_code == 403
    assert not Assignment.objects.exclude(reopened_at=None).exists()


def test_people_skip_with_a_reason(annotator: Annotator):
    token = annotator.pair()["trials"][0]["token"]
    assert annotator.post("skips", token=token, reason="unsuitable").status_code == 200
    assert Assignment.objects.get(token=token).skip_reason == "unsuitable"
    assert annotator.post("skips", token=token, reason="bored").status_code == 400


def test_a_survey_without_skips_and_undo_refuses_and_hides_them(db: None):
    person = Annotator(survey_make(skip=False, undo=False))
    token = person.pair()["trials"][0]["token"]
    refused = person.post("skips", token=token, reason="other")
    assert (refused.status_code, refused.json()["code"]) == (409, "no-skip")
    assert person.post("skips", token=token, reason="picture-failed").status_code == 200
    page = person.client.get("/s/study/pair/").content.decode()
    assert 'data-tool="pause"' in page
    assert 'data-tool="undo"' not in page
    assert 'data-tool="skip"' not in page
    assert "skip-card" not in page


@pytest.mark.parametrize("again", [1, 2])
def test_a_break_begins_and_ends(annotator: Annotator, again: int):
    for resting in (True, False):
        for _time in range(again):
            answer = annotator.post("breaks", resting=resting)
            assert (answer.status_code, answer.json()) == (200, {"resting": resting})
    taken = Break.objects.get()
    assert (taken.session, taken.after_trials) == (annotator.session, 0)
    assert taken.ended_at is not None
    assert annotator.post("breaks", resting="perhaps").status_code == 400


def test_a_break_is_offered_after_so_many_pairs(db: None):
    person = Annotator(survey_make(break_every=1))
    state = person.vote(person.pair()["trials"][0]["token"]).json()
    assert state["break_due"]
    person.post("breaks", resting=True)
    person.post("breaks", resting=False)
    assert not person.pair()["break_due"]
