"""Breaks, and coming back after a long time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from survey.models import Assignment, Break, Session, Survey, Vote
from survey.services.breaks import break_begin, break_end
from survey.services.leasing import Progress, trials_lease
from survey.services.sessions import gap_is_long, instructions_seen
from survey.services.surveys import survey_close
from survey.services.votes import Viewing, vote_record
from tests.factories import session_make, survey_make

VIEWING = Viewing(900, 1440, 900, 1.0, 600.0, 400.0, "side-by-side")


def judge(session: Session, n: int) -> Progress:
    state = trials_lease(session)
    for _trial in range(n):
        state = vote_record(session, token=state.trials[0].token, answer="left", viewing=VIEWING)
    return state


@pytest.fixture
def session(db: None) -> Session:
    return session_make(survey_make(trials=4, break_every=2))


def test_it_is_offered_at_its_place_until_it_was_taken(session: Session):
    assert not trials_lease(session).break_due
    assert not judge(session, 1).break_due
    assert judge(session, 1).break_due
    break_begin(session)
    # The page was reloaded during the break.
    assert trials_lease(session).break_due
    break_end(session)
    assert not trials_lease(session).break_due
    assert not judge(session, 1).break_due
    # Nobody rests before a page that says thank you.
    assert not judge(session, 1).break_due
    taken = Break.objects.get()
    assert taken.after_trials == 2
    assert taken.began_at <= taken.ended_at


def test_it_is_never_offered_where_none_is_planned(db: None):
    session = session_make(survey_make(trials=4, break_every=0))
    assert not any(judge(session, 1).break_due for _trial in range(4))


def test_two_breaks_at_one_place_are_one(session: Session):
    judge(session, 1)
    first = break_begin(session)
    assert break_begin(session).began_at == first.began_at
    break_end(session)
    assert break_begin(session).ended_at is None
    break_end(session)
    again = Break.objects.get()
    assert (again.began_at, again.after_trials) == (first.began_at, 1)
    assert again.ended_at is not None
    ended = again.ended_at
    break_end(session)
    again.refresh_from_db()
    assert again.ended_at == ended


def test_a_break_that_somebody_left_is_not_ended_by_a_later_one(session: Session):
    break_begin(session)
    Break.objects.update(began_at=timezone.now() - timedelta(hours=20))
    assert judge(session, 2).break_due
    break_end(session)
    assert Break.objects.get().ended_at is None
    assert trials_lease(session).break_due
    break_begin(session)
    break_end(session)
    left, taken = Break.objects.order_by("after_trials")
    assert (left.after_trials, left.ended_at) == (0, None)
    assert taken.after_trials == 2
    assert taken.ended_at - taken.began_at < timedelta(minutes=1)


def long_ago(session: Session, minutes: int) -> None:
    """Put all that this session did so many minutes back."""
    then = timezone.now() - timedelta(minutes=minutes)
    Session.objects.update(instructions_seen_at=then)
    Assignment.objects.update(leased_at=then)
    Vote.objects.update(created_at=then)
    session.refresh_from_db()


def test_a_long_gap_asks_for_the_instructions_and_is_counted(session: Session):
    judge(session, 1)
    now = timezone.now()
    long_ago(session, 59)
    assert not gap_is_long(session, now=now)
    instructions_seen(session)
    assert session.resumes == 0
    long_ago(session, 61)
    assert gap_is_long(session, now=now)
    instructions_seen(session)
    session.refresh_from_db()
    assert session.resumes == 1
    assert not gap_is_long(session, now=timezone.now())
    # A second press of the button.
    instructions_seen(session)
    session.refresh_from_db()
    assert session.resumes == 1


def test_whatever_was_done_last_ends_the_gap(session: Session):
    judge(session, 4)
    long_ago(session, 61)
    vote = Vote.objects.order_by("pk").last()
    Vote.objects.filter(pk=vote.pk).update(created_at=timezone.now())
    assert not gap_is_long(session, now=timezone.now())


def test_it_can_be_turned_off(db: None):
    session = session_make(survey_make(resume_minutes=0))
    long_ago(session, 24 * 60)
    assert not gap_is_long(session, now=timezone.now())


def test_a_closed_survey_explains_nothing_again(session: Session, django_assert_num_queries):
    long_ago(session, 24 * 60)
    found = Session.objects.select_related("participant__survey")
    session = found.get()
    with django_assert_num_queries(1):
        assert gap_is_long(session, now=timezone.now())
    survey_close(Survey.objects.get())
    assert not gap_is_long(found.get(), now=timezone.now())
