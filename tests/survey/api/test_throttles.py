"""Limits of the API: who is counted together, what 429 says, what it costs."""

import threading

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from survey import limits
from survey.models import Vote
from survey.services.tokens import token_make
from tests.people import Annotator, account_make, client_of

RESULTS = "/api/survey/study/results/"
PAIR = "/api/survey/study/pair/"


@pytest.fixture
def limit(settings, monkeypatch: pytest.MonkeyPatch):
    """Set limits, and stop the clock 20 s before a minute is over; limit.clock moves on."""
    clock = [1_800_000_040.0]
    monkeypatch.setattr(limits.time, "time", lambda: clock[0])

    def make(**limits: int) -> None:
        settings.API_PER_MINUTE = {**settings.API_PER_MINUTE, **limits}

    make.clock = clock
    return make


def test_one_too_many_is_429_with_the_time_to_wait(survey, annotator: Annotator, limit):
    limit(participant=3)
    assert [annotator.post("pair").status_code for _try in range(3)] == [200, 200, 200]
    refused = annotator.post("pair")
    assert refused.status_code == 429
    assert refused["Retry-After"] == "20"
    assert refused.json() == {
        "code": "throttled", "detail": "Too many requests; try again in 20 seconds."
    }  # fmt: skip
    limit.clock[0] += 20
    assert annotator.post("pair").status_code == 200


def test_a_vote_that_was_refused_is_accepted_later_and_counts_once(survey, annotator, limit):
    token = annotator.pair()["trials"][0]["token"]
    limit(participant=1)
    assert annotator.vote(token).status_code == 429
    assert not Vote.objects.exists()
    limit.clock[0] += 60
    assert annotator.vote(token).status_code == 200
    assert Vote.objects.count() == 1


def test_a_room_behind_one_address_is_no_crowd(survey, limit):
    limit(participant=2)
    people = [Annotator(survey) for _person in range(4)]
    assert [p.post("pair").status_code for p in people for _try in range(2)] == [200] * 8


def test_a_person_is_counted_over_tokens_and_log_ins(survey, limit):
    limit(staff=2)
    ana, ben = account_make("ana", "analyst"), account_make("ben", "analyst")
    text = token_make(ana, name="n", days=7).text
    script = Client(headers={"Authorization": f"Bearer {text}"})
    assert client_of(ana).get(RESULTS).status_code == 200
    assert script.get(RESULTS).status_code == 200
    assert script.get(RESULTS).status_code == 429
    assert client_of(ben).get(RESULTS).status_code == 200


def test_the_schema_has_a_limit_of_its_own(analyst: Client, survey, limit):
    limit(docs=1)
    assert analyst.get("/api/schema/").status_code == 200
    assert analyst.get("/api/schema/").status_code == 429
    assert analyst.get(RESULTS).status_code == 200


def test_who_only_guesses_is_refused_without_a_query(survey, limit, django_assert_num_queries):
    limit(stranger=3)
    guesses = [
        lambda client: client.get(RESULTS),
        lambda client: client.post(PAIR),
        lambda client: client.get(RESULTS, headers={"Authorization": "Bearer proof_guess"}),
    ]
    for number, guess in enumerate(guesses):
        client = Client()
        client.cookies["participant-study"] = f"guess-{number}"
        assert guess(client).status_code in {401, 403}
    with django_assert_num_queries(0):
        for guess in guesses:
            assert guess(Client()).status_code == 429
    # Another address is another matter; who could be anybody's proxy is not believed.
    assert Client(REMOTE_ADDR="192.0.2.7").get(RESULTS).status_code == 401
    assert Client(headers={"X-Forwarded-For": "192.0.2.8"}).get(RESULTS).status_code == 429


def test_what_works_is_never_counted_as_a_guess(survey, analyst: Client, annotator, limit):
    limit(stranger=1)
    for _try in range(3):
        assert analyst.get(RESULTS).status_code == 200
        assert annotator.post("pair").status_code == 200


def test_zero_is_no_limit(survey, annotator: Annotator, limit):
    limit(participant=0, stranger=0)
    assert {annotator.post("pair").status_code for _try in range(30)} == {200}
    assert {Client().get(RESULTS).status_code for _try in range(30)} == {401}


def test_it_costs_no_query(survey, annotator: Annotator, limit):
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            annotator.post("pair")
        return len(counted)

    annotator.pair()
    limit(participant=0, stranger=0)
    without = queries()
    limit(participant=600, stranger=300)
    assert queries() == without > 0


def test_calls_at_the_same_moment_are_all_counted(limit):
    numbers: list[int] = []
    threads = [
        threading.Thread(target=lambda: numbers.extend(limits.count("n", "x") for _ in range(200)))
        for _thread in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 1601))
    cache.clear()
