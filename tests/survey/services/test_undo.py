"""Taking the last vote back: both answers kept, the second one counts."""

import pytest
from django.utils import timezone

from survey.errors import AnswerConflict, AssignmentGone, SurveyClosed, UndoRefused
from survey.models import Assignment, Session, Survey, Tally, Vote
from survey.selectors.sessions import votes_count
from survey.services.counts import votes_counted
from survey.services.leasing import Progress, trials_lease
from survey.services.surveys import survey_close, survey_open
from survey.services.votes import Viewing, trial_skip, vote_record, vote_undo
from tests.factories import session_make, survey_make

FIRST = Viewing(900, 1440, 900, 1.0, 600.0, 400.0, "side-by-side")
SECOND = Viewing(2500, 390, 844, 3.0, 300.0, 200.0, "stacked", 1)


@pytest.fixture
def session(survey: Survey) -> Session:
    return session_make(survey)


def vote(session: Session, token: str, answer: str = "left", viewing: Viewing = FIRST) -> Progress:
    return vote_record(session, token=token, answer=answer, viewing=viewing)


def tallied(survey: Survey) -> set[tuple]:
    fields = ("condition_id", "origin", "original_side", "original_preferred", "layout", "n")
    return set(Tally.objects.filter(survey=survey, n__gt=0).values_list(*fields))


def judged(session: Session) -> tuple[str, Progress]:
    """Judge the first pair: its token, and what came next."""
    token = trials_lease(session).trials[0].token
    return token, vote(session, token)


def test_the_same_pair_comes_again_with_the_same_sides_and_another_token(session: Session):
    before = trials_lease(session).trials[0]
    _token, after = judged(session)
    assert after.undo == before.token
    back = vote_undo(session, token=before.token)
    assert (back.state, back.done, back.revising, back.undo) == ("pair", 1, True, None)
    again = back.trials[0]
    assert (again.left_token, again.right_token) == (before.left_token, before.right_token)
    assert again.original_side == before.original_side
    assert again.revision_token not in {None, before.token}
    assert back.trials[1:] == after.trials
    # As often as one likes, and after a reload.
    assert vote_undo(session, token=before.token) == back
    assert trials_lease(session) == back


def test_the_second_answer_counts_and_the_first_is_kept(survey: Survey, session: Session):
    token, after = judged(session)
    first = Vote.objects.get()
    second_token = vote_undo(session, token=token).trials[0].revision_token
    state = vote(session, second_token, "right", SECOND)
    stored = Vote.objects.get()
    assert (stored.chosen_side, stored.response_ms, stored.layout) == ("right", 2500, "stacked")
    assert stored.original_preferred == (stored.assignment.original_side == "right")
    assert (stored.revised, stored.first_chosen_side, stored.first_response_ms) == (
        True, "left", 900,
    )  # fmt: skip
    assert stored.first_created_at == first.created_at < stored.created_at
    assert (state.done, state.revising, state.undo) == (1, False, None)
    assert state.trials == after.trials
    assert tallied(survey) == set(votes_counted(survey))
    assert Tally.objects.filter(n__gt=0).count() == 1


def test_the_same_side_again_is_marked_as_well(survey: Survey, session: Session):
    token, _after = judged(session)
    vote(session, vote_undo(session, token=token).trials[0].revision_token, "left")
    assert Vote.objects.get().revised
    assert tallied(survey) == set(votes_counted(survey))


def test_copies_of_either_answer_change_nothing(survey: Survey, session: Session):
    token, _after = judged(session)
    second_token = vote_undo(session, token=token).trials[0].revision_token
    # A late copy of the first answer, before and after the second one.
    assert vote(session, token, "left").revising
    done = vote(session, second_token, "right", SECOND)
    for copy, answer in ((token, "left"), (second_token, "right")):
        assert vote(session, copy, answer) == done
    for copy, answer in ((token, "right"), (second_token, "left")):
        with pytest.raises(AnswerConflict):
            vote(session, copy, answer)
    stored = Vote.objects.get()
    assert (stored.chosen_side, stored.first_chosen_side) == ("right", "left")
    assert tallied(survey) == set(votes_counted(survey))


def test_who_leaves_meanwhile_keeps_the_first_answer(survey: Survey, session: Session):
    token, _after = judged(session)
    vote_undo(session, token=token)
    assert votes_count(session) == 1
    assert tallied(survey) == set(votes_counted(survey))
    assert Vote.objects.get().chosen_side == "left"


def test_only_the_last_answer_and_only_once(session: Session):
    first, after = judged(session)
    second = after.trials[0].token
    vote(session, second)
    with pytest.raises(UndoRefused, match="Only your last answer"):
        vote_undo(session, token=first)
    vote(session, vote_undo(session, token=second).trials[0].revision_token, "right")
    with pytest.raises(UndoRefused, match="only once"):
        vote_undo(session, token=second)
    with pytest.raises(AssignmentGone):
        vote_undo(session, token="invented")
    with pytest.raises(AssignmentGone):
        vote_undo(session_make(session.participant.survey), token=second)


def test_the_last_answer_is_the_one_given_last(session: Session):
    first, second = (trial.token for trial in trials_lease(session).trials)
    assert vote(session, second).undo == second
    assert vote(session, first).undo == first
    assert trials_lease(session).undo == first
    with pytest.raises(UndoRefused, match="Only your last answer"):
        vote_undo(session, token=second)
    again = vote_undo(session, token=first).trials[0]
    # The one given anew is the last one now, and was taken back once already.
    assert vote(session, again.revision_token, "right").undo is None
    assert trials_lease(session).undo is None


def test_an_open_pair_has_no_answer_to_take_back(session: Session):
    open_token = trials_lease(session).trials[0].token
    with pytest.raises(UndoRefused):
        vote_undo(session, token=open_token)


def test_a_later_pair_may_be_judged_in_between(survey: Survey, session: Session):
    token, after = judged(session)
    second_token = vote_undo(session, token=token).trials[0].revision_token
    # Another tab still shows the open pair.
    state = vote(session, after.trials[0].token)
    assert state.revising
    assert state.done == 2
    assert not vote(session, second_token, "right").revising
    assert Vote.objects.filter(revised=True).count() == 1
    assert tallied(survey) == set(votes_counted(survey))


def test_passing_it_by_keeps_the_first_answer(survey: Survey, session: Session):
    token, after = judged(session)
    second_token = vote_undo(session, token=token).trials[0].revision_token
    state = trial_skip(session, token=second_token, reason="picture-failed")
    assert (state.trials, state.revising, state.undo) == (after.trials, False, None)
    stored = Vote.objects.get()
    assert (stored.revised, stored.chosen_side) == (False, "left")
    assert Assignment.objects.filter(state="skipped").count() == 0


def test_a_finished_session_takes_nothing_back(survey: Survey, session: Session):
    state = trials_lease(session)
    while state.state == "pair":
        token = state.trials[0].token
        state = vote(session, token)
    assert state.undo is None
    with pytest.raises(UndoRefused, match="finished"):
        vote_undo(session, token=token)


def test_no_session_ends_while_an_answer_is_asked_for_again(survey: Survey, session: Session):
    token, after = judged(session)
    # Nothing is left but the open pairs.
    survey.stimuli.filter(condition__isnull=False, assignments=None).delete()
    Survey.objects.update(pairs_expected=0)
    second_token = vote_undo(session, token=token).trials[0].revision_token
    for trial in after.trials:
        state = vote(session, trial.token)
    assert (state.state, state.revising, len(state.trials)) == ("pair", True, 1)
    assert vote(session, second_token, "right").state == "done"
    session.refresh_from_db()
    assert (session.end, Vote.objects.filter(revised=True).count()) == ("exhausted", 1)


def test_a_closed_survey_keeps_what_there_is(survey: Survey, session: Session):
    token, _after = judged(session)
    second_token = vote_undo(session, token=token).trials[0].revision_token
    survey_close(survey)
    with pytest.raises(SurveyClosed):
        vote(session, second_token, "right")
    assert trials_lease(session).state == "done"
    stored = Vote.objects.get()
    assert (stored.chosen_side, stored.revised) == ("left", False)


def test_who_was_ended_by_a_close_goes_on_when_the_survey_opens_again(
    db: None,
):
    # What lay open when it closed does not come again.
    survey = survey_make(photos=8)
    session = session_make(survey)
    token, _after = judged(session)
    second_token = vote_undo(session, token=token).trials[0].revision_token
    survey_close(survey)
    assert trials_lease(session).state == "done"
    session.refresh_from_db()
    code = session.completion_code
    survey_open(survey)
    state = trials_lease(session)
    assert (state.state, state.revising, len(state.trials)) == ("pair", True, 3)
    assert vote(session, second_token, "right").done == 1
    while state.state == "pair":
        state = vote(session, trials_lease(session).trials[0].token)
    session.refresh_from_db()
    assert (session.end, state.done, session.completion_code) == ("quota", 4, code)


def test_a_finished_session_revises_nothing(survey: Survey, session: Session):
    token, _after = judged(session)
    second_token = vote_undo(session, token=token).trials[0].revision_token
    Session.objects.update(finished_at=timezone.now(), end="exhausted")
    with pytest.raises(UndoRefused, match="finished"):
        vote(session, second_token, "right")
    assert not Vote.objects.get().revised


def test_it_can_be_turned_off(db: None):
    session = session_make(survey_make(undo=False))
    token, after = judged(session)
    assert after.undo is None
    with pytest.raises(UndoRefused, match="cannot be taken back"):
        vote_undo(session, token=token)
