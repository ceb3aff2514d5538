"""Counting of requests: alone in a process, together in a Redis, and while that Redis is away."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.http import HttpRequest
from django.test import Client, RequestFactory

from config import env
from survey import limits
from survey.models import Participant, Survey, Vote
from tests import servers
from tests.conftest import needs
from tests.people import Annotator

ROOT = Path(__file__).resolve().parents[2]
# The clock stands still, so that no minute is over between two processes.
COUNT = """
import django, json
django.setup()
from survey import limits
limits.time.time = lambda: 1_800_000_040.0
print(json.dumps([limits.count("start", "192.0.2.1") for _call in range(2)]
                 + [limits.counted("start", "192.0.2.1")]))
"""


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    """The URL of a Redis of our own; not the broker's database."""
    try:
        with servers.redis() as url:
            yield url.removesuffix("0") + "1"
    except servers.Missing as missing:
        needs(False, str(missing))


@pytest.fixture
def shared(redis: str, settings) -> Iterator[str]:
    """The cache is that Redis, empty."""
    settings.CACHES = {
        "default": env.cache("CACHE_URL", env={"CACHE_URL": redis}),
        "process": env.PROCESS_CACHE,
    }
    limits._Shared.silent_until = 0.0
    cache.clear()
    yield redis
    limits._Shared.silent_until = 0.0


@pytest.fixture
def away(settings) -> Iterator[None]:
    """A cache is named where nothing listens."""
    nowhere = f"redis://127.0.0.1:{servers.free_port()}/1"
    settings.CACHES = {
        "default": env.cache("CACHE_URL", env={"CACHE_URL": nowhere}),
        "process": env.PROCESS_CACHE,
    }
    limits._Shared.silent_until = 0.0
    yield
    limits._Shared.silent_until = 0.0


def process_counts(cache_url: str) -> list[int]:
    """What two calls are in a server process of its own: first, second, and how many so far."""
    world = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "CACHE_URL": cache_url}
    done = subprocess.run(
        [sys.executable, "-c", COUNT], cwd=ROOT, env=world, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    found: list[int] = json.loads(done.stdout)
    return found


def test_without_a_shared_cache_each_process_counts_for_itself():
    assert [process_counts(""), process_counts("")] == [[1, 2, 2]] * 2


def test_with_a_shared_cache_all_processes_count_together(redis: str):
    assert process_counts(redis) == [1, 2, 2]
    assert process_counts(redis) == [3, 4, 4]


def test_calls_at_the_same_moment_are_all_counted_in_redis(shared: str, monkeypatch):
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_040.0)
    numbers: list[int] = []
    threads = [
        threading.Thread(target=lambda: numbers.extend(limits.count("n", "x") for _ in range(50)))
        for _thread in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 201))


def test_the_limits_of_the_survey_hold_in_redis(shared: str, db, survey: Survey, settings):
    settings.STARTS_PER_MINUTE = 3
    settings.API_PER_MINUTE = {**settings.API_PER_MINUTE, "participant": 2}
    started = [Client().post("/s/study/").status_code for _person in range(5)]
    # The clock may turn to a new minute in between: then one more may begin, and ask.
    assert started.count(429) in {1, 2}
    person = Annotator(survey)
    assert [person.post("pair").status_code for _call in range(4)].count(429) in {1, 2}
    assert Participant.objects.count() == 1 + started.count(302)


def test_a_redis_that_does_not_answer_stops_no_vote(away, survey: Survey, settings, caplog):
    settings.STARTS_PER_MINUTE = 3
    limits.caches["process"].clear()
    person = Annotator(survey)
    with caplog.at_level(logging.WARNING, logger="survey.limits"):
        assert person.vote(person.pair()["trials"][0]["token"]).status_code == 200
        started = [Client().post("/s/study/").status_code for _person in range(5)]
    assert Vote.objects.count() == 1
    # Counted in this process meanwhile; and asked once in ten seconds, not with every request.
    assert started.count(429) in {1, 2}
    assert len(caplog.records) == 1
    assert "CACHE_URL does not answer" in caplog.text


def test_a_redis_that_is_back_is_asked_again(away, redis: str, settings, monkeypatch, caplog):
    clock = [100.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: clock[0])
    with caplog.at_level(logging.WARNING, logger="survey.limits"):
        limits.count("back", "somebody")
    settings.CACHES = {**settings.CACHES, "default": env.cache("X", env={"X": redis})}
    cache.clear()
    limits.count("back", "somebody")
    assert not limits.caches["default"].has_key(limits._key("back", "somebody"))
    clock[0] += limits.PAUSE
    assert limits.count("back", "somebody") == 1
    assert limits.counted("back", "somebody") == 1


def asked_from(told: str) -> HttpRequest:
    return RequestFactory(REMOTE_ADDR=told).get("/")


@pytest.mark.parametrize(
    ("told", "who"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::"),
        ("2001:DB8:1:2::7", "2001:db8:1:2::"),
        ("2001:db8:1:3::7", "2001:db8:1:3::"),
        # Of a socket that takes both: these are people of their own.
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.8", "192.0.2.8"),
        ("fe80::1%eth0", "fe80::"),
        ("nowhere", None),
    ],
)
def test_who_is_counted_together(told: str, who: str | None):
    """All addresses of a /64 network are one caller: a machine picks among them as it likes."""
    assert limits.address_or_none(asked_from(told)) == who
    assert limits.address(asked_from(told)) == (who or "")


def test_another_address_of_the_same_network_begins_no_more(db, survey: Survey, settings):
    settings.STARTS_PER_MINUTE = 3
    cache.clear()
    started = [
        Client(REMOTE_ADDR=f"2001:db8::{n:x}").post("/s/study/").status_code for n in range(1, 10)
    ]
    # The clock may turn to a new minute in between.
    assert started.count(429) in {3, 6}
    assert Client(REMOTE_ADDR="2001:db8:0:1::1").post("/s/study/").status_code == 302
    cache.clear()
