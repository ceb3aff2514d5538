"""Pairs passed by, and how a session ends that passed too many."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from survey.errors import SkipRefused, SurveyClosed
from survey.models import Assignment, Session, Survey
from survey.selectors.results import ledger
from survey.services.leasing import trials_lease
from survey.services.surveys import survey_close
from survey.services.votes import Viewing, trial_skip, vote_record
from survey.skips import CHOSEN, SkipReason
from tests.factories import session_make, survey_make

VIEWING = Viewing(900, 1440, 900, 1.0, 600.0, 400.0, "side-by-side")


def skip_all(session: Session, reason: str) -> Session:
    state = trials_lease(session)
    for _trial in range(100):
        if state.state == "done":
            break
        state = trial_skip(session, token=state.trials[0].token, reason=reason)
    session.refresh_from_db()
    return session


@pytest.mark.parametrize("reason", CHOSEN)
def test_a_skipped_pair_is_replaced_and_counted_with_its_reason(survey: Survey, reason: str):
    session = session_make(survey)
    first, second = trials_lease(session).trials
    state = trial_skip(session, token=first.token, reason=reason)
    assert (state.done, state.trials[0].token) == (0, second.token)
    assert len(state.trials) == 2
    trial = Assignment.objects.get(token=first.token)
    assert (trial.state, trial.skip_reason) == ("skipped", reason)
    assert trial_skip(session, token=first.token, reason=reason) == state
    book = ledger(survey, now=timezone.now())
    assert (book["shown"], book["skipped"], book["open"], book["difference"]) == (3, 1, 2, 0)


@pytest.mark.parametrize(
    ("reason", "end"), [("seen-before", "skipped"), ("picture-failed", "pictures-failed")]
)
def test_who_only_skips_ends_somewhere_without_a_code(survey: Survey, reason: str, end: str):
    session = skip_all(session_make(survey), reason)
    assert (session.end, session.completion_code) == (end, "")


def test_pictures_are_to_blame_where_most_of_them_failed(survey: Survey):
    session = session_make(survey)
    token = trials_lease(session).trials[0].token
    trial_skip(session, token=token, reason="other")
    assert skip_all(session, "picture-failed").end == "pictures-failed"


def test_who_judged_most_pairs_gets_the_code(db: None):
    session = session_make(survey_make(trials=4))
    state = trials_lease(session)
    trial_skip(session, token=state.trials[0].token, reason="unsuitable")
    state = trials_lease(session)
    while state.state == "pair":
        state = vote_record(session, token=state.trials[0].token, answer="left", viewing=VIEWING)
    session.refresh_from_db()
    # Each photo once: the fourth was skipped.
    assert (session.end, state.done) == ("exhausted", 3)
    assert len(session.completion_code) == 9


def test_a_survey_may_want_an_answer_to_every_pair(db: None):
    session = session_make(survey_make(skip=False))
    first, second = trials_lease(session).trials
    with pytest.raises(SkipRefused, match="no pair can be skipped"):
        trial_skip(session, token=first.token, reason="other")
    # A picture that cannot be shown cannot be judged.
    state = trial_skip(session, token=first.token, reason=SkipReason.PICTURE_FAILED)
    assert state.trials[0].token == second.token


def test_a_closed_survey_skips_nothing(survey: Survey):
    session = session_make(survey)
    token = trials_lease(session).trials[0].token
    survey_close(survey)
    with pytest.raises(SurveyClosed):
        trial_skip(session, token=token, reason="other")
    assert trials_lease(session).state == "done"
    assert set(Assignment.objects.values_list("state", flat=True)) == {"expired"}


def test_broken_pictures_of_one_condition_end_nobody(db: None):
    survey = survey_make(photos=30, trials=10)
    broken = survey.conditions.first().pk
    for _person in range(6):
        session = session_make(survey)
        state = trials_lease(session)
        while state.state == "pair":
            trial = state.trials[0]
            if trial.condition == broken:
                state = trial_skip(session, token=trial.token, reason="picture-failed")
            else:
                state = vote_record(session, token=trial.token, answer="left", viewing=VIEWING)
        failed = session.assignments.filter(state="skipped").count()
        assert (state.done, failed) == (10, min(failed, 3))
    assert Assignment.objects.filter(state="skipped").exists()


@pytest.mark.django_db(transaction=True)
def test_the_ledger_is_of_one_moment_while_people_vote():
    survey = survey_make(photos=7, trials=24, photo_repeats=6, photo_gap=1, break_every=0)
    sessions = [session_make(survey) for _person in range(3)]

    def judge(session: Session) -> None:
        try:
            state = trials_lease(session)
            while state.state == "pair":
                token = state.trials[0].token
                state = vote_record(session, token=token, answer="left", viewing=VIEWING)
        finally:
            connection.close()

    books = []
    with ThreadPoolExecutor(len(sessions)) as pool:
        judging = [pool.submit(judge, session) for session in sessions]
        while not all(one.done() for one in judging):
            books.append(ledger(survey, now=timezone.now()))
    for one in judging:
        one.result()
    assert len({book["voted"] for book in books}) > 3
    assert {(book["difference"], book["uncounted"]) for book in books} == {(0, 0)}
