"""What was answered is on PostgreSQL's disk; the survey's lock does not wait for it."""

import pytest
from django.db import connection, transaction

from survey.services.leasing import session_lock, trials_lease
from survey.services.votes import Viewing, vote_record
from tests.factories import session_make, survey_make

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL's log"),
]
VIEWING = Viewing(900, 1440, 900, 1.0, 600.0, 400.0, "side-by-side")


def asked(sql: str) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def test_a_vote_is_flushed_when_its_answer_comes():
    session = session_make(survey_make(photos=21, trials=20))
    token = trials_lease(session).trials[0].token
    for _vote in range(8):
        state = vote_record(session, token=token, answer="left", viewing=VIEWING)
        # Written and flushed to the same place, unless somebody else has written since.
        (flushed,) = asked("SELECT pg_current_wal_insert_lsn() = pg_current_wal_flush_lsn()")
        if flushed:
            return
        token = state.trials[0].token
    pytest.fail("eight votes were answered before the disk had them")


def test_only_transactions_of_the_lock_commit_early():
    session = session_make(survey_make())
    with transaction.atomic():
        session_lock(session)
        assert asked("SHOW synchronous_commit") == ("off",)
    assert asked("SHOW synchronous_commit") == ("on",)
