"""The results page with a million votes, beside the same page with a few.

Usage: python -m bench.results_page [VOTES] [--postgres]        (default 1,000,000, SQLite)

Cold: the first request of a process after the rows were written and counted. Then again after one
new vote through the services, and the live JSON that the open page fetches.
"""

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.exports import votes_fill
from bench.load import setup
from bench.votes import survey_make, voter

FEW = 200


def milliseconds(call) -> float:
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def fill(slug: str, votes: int):
    from survey.models import Participant
    from survey.services.counts import counts_rebuild

    survey = survey_make(slug=slug)
    votes_fill(survey, votes)
    Participant.objects.filter(survey=survey).update(voted_at=survey.created_at)
    counts_rebuild(survey)
    return survey


def page_rows(client, survey, label: str) -> None:
    from django.db import connection

    # As after a restart: nothing of this survey is in SQLite's cache.
    connection.close()
    page = f"/dashboard/surveys/{survey.slug}/"
    live = f"/api/survey/{survey.slug}/results/"
    for what, address in (("cold", page), ("again", page), ("live JSON", live)):
        print(f"{label:<14} results page, {what:<22} "
              f"{milliseconds(lambda a=address: get(client, a)):8.0f} ms", flush=True)  # fmt: skip
    voter(survey)()
    print(f"{label:<14} results page, after one new vote    "
          f"{milliseconds(lambda: get(client, page)):8.0f} ms", flush=True)  # fmt: skip


def get(client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200, response.status_code


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("votes", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="proofsheet-bench-"))
        database = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        if given.postgres:
            from tests.servers import postgres

            database = stack.enter_context(postgres(durable=True))
        setup(folder, database)
        from django.contrib.auth.models import User
        from django.db import connection
        from django.test import Client

        client = Client(SERVER_NAME="localhost")
        boss = User.objects.create_superuser("boss", password="pw")
        client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
        # First: its rows take any pair that is there.
        many = fill("many", given.votes)
        few = survey_make(slug="few")
        vote = voter(few)
        for _vote in range(FEW):
            vote()
        surveys = [few, many]
        # Imports and templates are not what is measured.
        get(client, "/dashboard/")
        get(client, "/dashboard/surveys/few/")
        for survey, votes in zip(surveys, (FEW, given.votes), strict=True):
            page_rows(client, survey, f"{votes:,} votes")
        connection.close()


if __name__ == "__main__":
    main()
