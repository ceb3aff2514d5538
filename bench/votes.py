"""Cost of a vote with its next lease, beside a bare durable INSERT in the same file.

Usage: python -m bench.votes

The yardstick commits one row a transaction with the same SQLite settings: what durability alone
costs on this disk. The survey has 200 photos x 80 conditions; it is measured empty and with 50,000
votes, because an assignment counts votes.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

VOTES = 300
EARLIER = 50_000
PHOTOS = 200


def setup(folder: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.dev"
    os.environ["PROOFSHEET_VAR"] = folder
    os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def survey_make(trials: int = 200, slug: str = "bench"):
    from models_app.distortions.registry import PRESET
    from models_app.services.renditions import conditions
    from survey.services.stimuli import ConditionInfo, Picture, stimuli_register
    from survey.services.surveys import survey_create, survey_open

    survey = survey_create(slug, title="Bench", settings={"trials": trials})
    infos = [None, *(ConditionInfo(d, v, d, "style", 1) for d, v in conditions(PRESET))]
    for photo in range(PHOTOS):
        name = f"photo-{photo}.jpg"
        stimuli_register(
            survey.pk, [Picture(name, "f", "image/jpeg", 9, 9, 9, info) for info in infos]
        )
    survey_open(survey)
    return survey


def voter(survey) -> Callable[[], None]:
    """One call is one vote and the lease of what is next; a new person every 100 votes."""
    from survey.services.leasing import trials_lease
    from survey.services.sessions import session_start
    from survey.services.votes import Viewing, vote_record

    viewing = Viewing(900, 1440, 900, 1.0, 600.0, 400.0, "side-by-side")

    def votes() -> Iterator[None]:
        while True:
            session = session_start(survey, origin="person")
            progress = trials_lease(session)
            for _trial in range(100):
                token = progress.trials[0].token
                progress = vote_record(session, token=token, answer="left", viewing=viewing)
                yield

    stream = votes()
    return lambda: next(stream)


def earlier_votes(survey) -> None:
    """Fill in votes of earlier people, spread evenly over the conditions."""
    from django.utils import timezone

    from survey.models import Assignment, Stimulus, Vote
    from survey.services.sessions import session_start

    now = timezone.now()
    pairs = list(Stimulus.objects.filter(condition__isnull=False).values_list("pk", "condition"))
    for first in range(0, EARLIER, 500):
        session = session_start(survey, origin="person")
        trials = Assignment.objects.bulk_create(
            Assignment(
                survey=survey, condition_id=condition, session=session, stimulus_id=pair,
                position=n, token=f"{first}-{n}", left_token=f"l{first}-{n}",
                right_token=f"r{first}-{n}", original_side="left", state="voted",
                leased_at=now, expires_at=now,
            )
            for n, (pair, condition) in enumerate(
                (pairs[(first + n) * 7919 % len(pairs)] for n in range(500)), start=1
            )
        )  # fmt: skip
        Vote.objects.bulk_create(
            Vote(
                assignment=trial, chosen_side="left", original_preferred=True, response_ms=900,
                viewport_width=1440, viewport_height=900, device_pixel_ratio=1,
                rendered_width=600, rendered_height=400, layout="side-by-side", created_at=now,
            )
            for trial in trials
        )  # fmt: skip


def insert() -> None:
    from django.contrib.sessions.models import Session as Row
    from django.utils import timezone

    Row.objects.create(
        session_key=os.urandom(20).hex(), session_data="x" * 200, expire_date=timezone.now()
    )


def milliseconds(call: Callable[[], None], times: int = VOTES) -> float:
    call()
    start = time.perf_counter()
    for _time in range(times):
        call()
    return 1000 * (time.perf_counter() - start) / times


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="proofsheet-bench-") as folder:
        setup(folder)
        from django.db import connection

        survey = survey_make()
        yardstick = milliseconds(insert)
        print(f"durable INSERT (yardstick)            {yardstick:7.2f} ms   1.0 x")
        for label, prepare in (("no votes yet", None), (f"{EARLIER} earlier votes", earlier_votes)):
            if prepare:
                prepare(survey)
            cost = milliseconds(voter(survey))
            print(f"vote + next lease, {label:<18} {cost:7.2f} ms {cost / yardstick:5.1f} x")
        connection.close()


if __name__ == "__main__":
    main()
