"""Time and memory of exports of votes, beside reading the same query as bare tuples.

Usage: python -m bench.exports [VOTES]        (default 1,000,000)

Fills a survey of 200 photos x 80 conditions with votes of people who judge 85 pairs each, in bulk,
then writes each format in a process of its own: seconds, microseconds a vote, and how much
the process grew at most. The yardstick is the same query, fetched and dropped by the database
driver: what no export can be faster than.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.votes import setup, survey_make

VOTES = 1_000_000
# Of one person, as in the paper.
TRIALS = 85


def votes_fill(survey, votes: int) -> None:
    """Bulk rows, as a survey leaves them; every 50th vote revised."""
    from datetime import timedelta

    from django.utils import timezone

    from survey.models import Assignment, Participant, Session, Stimulus, Vote

    pairs = list(Stimulus.objects.filter(condition__isnull=False).values_list("pk", "condition"))
    start = timezone.now()
    for first in range(0, votes, TRIALS * 100):
        n = min(TRIALS * 100, votes - first)
        people = Participant.objects.bulk_create(
            Participant(survey=survey, code=f"{first + i:016x}", consent_version="1")
            for i in range(-(-n // TRIALS))
        )
        sessions = Session.objects.bulk_create(
            Session(participant=person, key=f"key-{person.code}") for person in people
        )
        trials = Assignment.objects.bulk_create(
            (
                Assignment(
                    survey=survey, condition_id=condition, session=sessions[i // TRIALS],
                    stimulus_id=pair, position=i % TRIALS + 1, token=f"{first + i}",
                    left_token=f"l{first + i}", right_token=f"r{first + i}",
                    original_side="left" if i % 2 else "right", state="voted",
                    leased_at=start + timedelta(seconds=first + i),
                    expires_at=start + timedelta(seconds=first + i + 600),
                )
                for i, (pair, condition) in (
                    (i, pairs[(first + i) * 7919 % len(pairs)]) for i in range(n)
                )
            ),
            batch_size=2000,
        )  # fmt: skip
        Vote.objects.bulk_create(
            (
                Vote(
                    survey=survey, assignment=trial, chosen_side="left",
                    original_preferred=trial.original_side == "left",
                    response_ms=900 + i * 7919 % 4000, viewport_width=1440, viewport_height=900,
                    device_pixel_ratio=2, rendered_width=612.5, rendered_height=408.25,
                    layout="side-by-side", created_at=start + timedelta(seconds=first + i),
                    revised=not i % 50, first_chosen_side="" if i % 50 else "right",
                    first_response_ms=None if i % 50 else 1234,
                )
                for i, trial in enumerate(trials)
            ),
            batch_size=2000,
        )  # fmt: skip


def own_mb() -> float:
    """Memory of this process; without the pages of the database file that SQLite maps."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def bare_query(survey) -> Iterator[int]:
    from django.db import connection

    from survey.models import Vote
    from survey.selectors.votes import FIELDS

    rows = Vote.objects.filter(survey=survey, origin__in=["person"]).order_by("pk")
    sql, params = rows.values_list(*FIELDS).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while batch := cursor.fetchmany(2000):
            yield len(batch)


def pieces(survey, form: str) -> Iterator[int]:
    """Do the work piece by piece; yields sizes: rows for the query, bytes for a file."""
    from survey import exports
    from survey.selectors.votes import vote_batches

    if form == "query":
        return bare_query(survey)
    if form == "columns":
        return (len(batch["origin"]) for batch in vote_batches(survey))
    # Makes nothing yet, but loads packages, which only a server's first download waits for.
    return (len(chunk) for chunk in exports.votes_export(survey, form=form).chunks)


def measured(form: str) -> None:
    """Print `seconds megabytes-of-growth size` of one export, or of the bare query."""
    import django

    django.setup()
    from survey.services.surveys import survey_get

    stream = pieces(survey_get("bench"), form)
    before, start = own_mb(), time.perf_counter()
    size, most = 0, before
    for piece in stream:
        size += piece
        most = max(most, own_mb())
    print(time.perf_counter() - start, most - before, size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("votes", nargs="?", type=int, default=VOTES)
    parser.add_argument("--form", help="used by the benchmark itself")
    asked = parser.parse_args()
    if asked.form:
        measured(asked.form)
        return
    with tempfile.TemporaryDirectory(prefix="proofsheet-bench-") as folder:
        setup(folder)
        start = time.perf_counter()
        votes_fill(survey_make(), asked.votes)
        print(f"{asked.votes} votes written in {time.perf_counter() - start:.0f} s")
        yardstick = 0.0
        for form in ("query", "columns", "csv", "jsonl", "parquet"):
            command = [sys.executable, "-m", "bench.exports", "--form", form]
            done = subprocess.run(command, check=True, capture_output=True, env=os.environ)
            seconds, growth, size = map(float, done.stdout.split())
            yardstick = yardstick or seconds
            print(
                f"{form:<8} {seconds:7.1f} s {1e6 * seconds / asked.votes:6.1f} us a vote "
                f"{seconds / yardstick:5.1f} x  grew {growth:6.1f} MB  {size / 1e6:8.1f} MB"
            )


if __name__ == "__main__":
    main()
