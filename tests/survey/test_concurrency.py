"""Many clients at once, on a real database file with real transactions."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from survey.models import Assignment, Participant, Vote
from survey.selectors.results import ledger
from tests.factories import survey_make
from tests.people import Annotator

CLIENTS = 50
TRIALS = 4


def at_once(jobs):
    """Run jobs in as many threads; each thread closes its own connection."""

    def run(job):
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.mark.django_db(transaction=True)
def test_fifty_clients_share_no_lease_and_never_get_stuck():
    survey = survey_make(trials=TRIALS)
    people = [Annotator(survey) for _person in range(CLIENTS)]

    def judge(person: Annotator) -> list[str]:
        tokens = []
        state = person.pair()
        while state["state"] == "pair":
            tokens.append(state["trials"][0]["token"])
            answer = person.vote(tokens[-1], "left")
            assert answer.status_code == 200, answer.content
            state = answer.json()
        assert state["state"] == "done"
        return tokens

    tokens = [t for judged in at_once([lambda p=p: judge(p) for p in people]) for t in judged]
    assert len(tokens) == len(set(tokens)) == CLIENTS * TRIALS
    assert Vote.objects.count() == CLIENTS * TRIALS
    book = ledger(survey, now=timezone.now())
    assert (book["shown"], book["voted"]) == (CLIENTS * TRIALS, CLIENTS * TRIALS)
    assert (book["open"], book["difference"]) == (0, 0)
    counts = Counter(Assignment.objects.values_list("condition", flat=True))
    assert len(counts) == 6
    # Each photo once a person: a condition whose last photo this person has seen passes a turn.
    assert max(counts.values()) - min(counts.values()) <= 2
    sides = Counter(Assignment.objects.values_list("original_side", flat=True))
    # Four standard deviations; within a person the sides are drawn from blocks.
    assert abs(sides["left"] - sides["right"]) <= 4 * (CLIENTS * TRIALS) ** 0.5
    assert not Participant.objects.filter(sessions__finished_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_vote_fifty_times_at_once_is_one_vote():
    survey = survey_make(trials=TRIALS)
    person = Annotator(survey)
    token = person.pair()["trials"][0]["token"]
    # Every thread has a client of its own with the same cookie, as retries of one browser have.
    twins = []
    for _copy in range(50):
        twin = Annotator.__new__(Annotator)
        twin.survey, twin.session = survey, person.session
        twin.client = type(person.client)()
        twin.client.cookies = person.client.cookies.copy()
        twins.append(twin)
    answers = at_once([lambda t=t: t.vote(token, "right") for t in twins])
    assert {answer.status_code for answer in answers} == {200}
    assert len({str(answer.json()) for answer in answers}) == 1
    assert Vote.objects.count() == 1
    assert Assignment.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_opening_the_pair_page_twenty_times_at_once_leases_two():
    survey = survey_make(trials=TRIALS)
    person = Annotator(survey)
    twins = []
    for _tab in range(20):
        client = type(person.client)()
        client.cookies = person.client.cookies.copy()
        twins.append(client)
    answers = at_once([lambda c=c: c.post("/api/survey/study/pair/") for c in twins])
    assert len({str(answer.json()["trials"]) for answer in answers}) == 1
    assert Assignment.objects.count() == 2
