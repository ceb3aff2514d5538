"""Coming back to a survey after a long time, and how an end is explained."""

from datetime import timedelta

from django.utils import timezone

from survey.models import Assignment, Session, Vote
from tests.people import Annotator


def age(minutes: int) -> None:
    then = timezone.now() - timedelta(minutes=minutes)
    Session.objects.update(instructions_seen_at=then)
    Assignment.objects.update(leased_at=then)
    Vote.objects.update(created_at=then)


def test_after_a_long_gap_every_way_in_leads_to_the_instructions(annotator: Annotator):
    client = annotator.client
    annotator.vote(annotator.pair()["trials"][0]["token"])
    assert client.get("/s/study/pair/").status_code == 200
    age(61)
    assert client.get("/s/study/pair/")["Location"] == "/s/study/instructions/"
    assert client.post("/s/study/")["Location"] == "/s/study/instructions/"
    page = client.get("/s/study/instructions/").content.decode()
    assert "Welcome back" in page
    assert "You have judged 1 of 4 pairs" in page
    assert "Step 2 of 2" not in page
    assert client.post("/s/study/instructions/")["Location"] == "/s/study/pair/"
    assert client.get("/s/study/pair/").status_code == 200
    annotator.session.refresh_from_db()
    assert annotator.session.resumes == 1


def test_reading_the_instructions_again_is_no_return(annotator: Annotator):
    annotator.pair()
    for _again in range(2):
        annotator.client.post("/s/study/instructions/")
    annotator.session.refresh_from_db()
    assert annotator.session.resumes == 0


def test_who_skipped_too_much_is_told_so(annotator: Annotator):
    state = annotator.pair()
    for _trial in range(100):
        if state["state"] == "done":
            break
        token = state["trials"][0]["token"]
        state = annotator.post("skips", token=token, reason="seen-before").json()
    page = annotator.client.get("/s/study/done/").content.decode()
    assert "You skipped more pairs than you judged" in page
    assert "completion code</span>" not in page
