"""Single-use invites of participants."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection

from survey.errors import SurveyClosed, SurveyInvalid
from survey.models import AuditEntry, Participant, Survey, SurveyInvite
from survey.services.invites import (
    InviteGone,
    InviteNeeded,
    invites_make,
    invites_withdraw,
    session_start_invited,
)
from survey.services.surveys import survey_close
from tests.factories import survey_make


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_superuser("ada", password="pw")


@pytest.fixture
def closed_circle(db: None) -> Survey:
    return survey_make(access="invite")


def test_an_invite_lets_one_person_in_once(closed_circle: Survey, ada: User):
    (made,) = invites_make(closed_circle, count=1, label="Ben", actor=ada)
    session = session_start_invited(closed_circle, made.token)
    assert session.participant.counts
    with pytest.raises(InviteGone):
        session_start_invited(closed_circle, made.token)
    assert Participant.objects.count() == 1


def test_the_database_holds_no_token_and_not_who_used_it(closed_circle: Survey, ada: User):
    (made,) = invites_make(closed_circle, count=1, label="", actor=ada)
    session_start_invited(closed_circle, made.token)
    row = SurveyInvite.objects.values().get()
    assert made.token not in str(row)
    # Neither a key nor a time that a participant's row has too.
    assert {"participant_id", "session_id"}.isdisjoint(row)
    began = Participant.objects.get().created_at
    times = [value for value in row.values() if isinstance(value, datetime)]
    assert times == [row["created_at"]]
    assert row["created_at"] < began


@pytest.mark.parametrize("token", ["", "x" * 43])
def test_without_a_good_token_nobody_begins(closed_circle: Survey, ada: User, token: str):
    invites_make(closed_circle, count=1, label="", actor=ada)
    with pytest.raises(InviteGone if token else InviteNeeded):
        session_start_invited(closed_circle, token)
    assert not Participant.objects.exists()


def test_an_invite_of_another_survey_opens_nothing(closed_circle: Survey, ada: User):
    other = survey_make("other", access="invite")
    (made,) = invites_make(other, count=1, label="", actor=ada)
    with pytest.raises(InviteGone):
        session_start_invited(closed_circle, made.token)


def test_a_closed_survey_uses_no_invite_up(closed_circle: Survey, ada: User):
    (made,) = invites_make(closed_circle, count=1, label="", actor=ada)
    survey_close(closed_circle)
    with pytest.raises(SurveyClosed):
        session_start_invited(closed_circle, made.token)
    assert not SurveyInvite.objects.get().is_used


def test_withdrawing_spares_what_was_used(closed_circle: Survey, ada: User):
    used, unused = invites_make(closed_circle, count=2, label="Lab", actor=ada)
    assert (used.label, unused.label) == ("Lab 1", "Lab 2")
    session_start_invited(closed_circle, used.token)
    keys = list(SurveyInvite.objects.values_list("pk", flat=True))
    assert invites_withdraw(closed_circle, keys, actor=ada) == 1
    with pytest.raises(InviteGone):
        session_start_invited(closed_circle, unused.token)
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["survey.invites_make", "survey.invites_withdraw"]


@pytest.mark.parametrize(("count", "label"), [(0, ""), (1001, ""), (1, "x" * 101), (1, "a\x00b")])
def test_what_cannot_be_made_is_refused(closed_circle: Survey, ada: User, count: int, label: str):
    with pytest.raises(SurveyInvalid):
        invites_make(closed_circle, count=count, label=label, actor=ada)
    assert not SurveyInvite.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_twenty_browsers_with_one_link_are_one_participant():
    survey = survey_make(access="invite")
    ada = User.objects.create_superuser("ada", password="pw")
    (made,) = invites_make(survey, count=1, label="", actor=ada)

    def begin(_browser: int) -> bool:
        try:
            session_start_invited(survey, made.token)
        except InviteGone:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(20) as pool:
        began = list(pool.map(begin, range(20)))
    assert sum(began) == Participant.objects.count() == 1
