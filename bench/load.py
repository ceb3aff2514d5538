"""Voting under load, on SQLite and PostgreSQL, beside a bare Django view with one INSERT.

Usage: python -m bench.load [--seconds 8] [--clients 16] [--annotators 500] [--only sqlite]

One run a database: gunicorn as `make run` starts it, the yardstick of bench/load_site.py on the
same server, database and middleware. Rows: saturated votes (with and without fetching both
pictures of every pair), p95 of both at 60 % of the saturated rate of votes, and many annotators
at once who think about each pair (exponential, mean 5 s).
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.load_client import Annotator, Bare, Outcome, paced, saturate
from bench.machine import machine
from tests.servers import free_port, postgres

SLUG = "bench"
PHOTOS = 200
THINK_S = 5.0


def setup(folder: str, database: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.load_settings"
    os.environ["PROOFSHEET_VAR"] = folder
    os.environ["DATABASE_URL"] = database
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def survey_make():
    """200 photos x 80 conditions; the files are a few real pairs at 1024 pixels, used in turn."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from models_app.datasets.demo import demo_photos
    from models_app.distortions.registry import PRESET
    from models_app.services.renditions import conditions
    from survey.services.stimuli import ConditionInfo, Picture, stimuli_register
    from survey.services.surveys import survey_create, survey_open

    files = []
    for path in demo_photos():
        for quality in (95, 90):
            content, size = _jpeg(path, quality)
            files.append((default_storage.save("bench/p.jpg", ContentFile(content)), size, content))
    survey = survey_create(SLUG, title="Bench", settings={"trials": 200, "break_every": 0})
    infos = [None, *(ConditionInfo(d, v, d, "style", 1) for d, v in conditions(PRESET))]
    for photo in range(PHOTOS):
        pictures = []
        for n, info in enumerate(infos):
            name, size, content = files[(2 * photo + bool(n)) % len(files)]
            pictures.append(
                Picture(f"photo-{photo}.jpg", name, "image/jpeg", *size, len(content), info)
            )
        stimuli_register(survey.pk, pictures)
    survey_open(survey)
    return survey


def _jpeg(path: Path, quality: int) -> tuple[bytes, tuple[int, int]]:
    import io

    from models_app.imaging import open_photo

    image = open_photo(path)
    image.thumbnail((1024, 1024))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue(), image.size


def keys_of(survey, count: int) -> Iterator[str]:
    """Keys of sessions that have agreed and read the instructions; made before the clock runs."""
    from survey.services.sessions import consent_give, instructions_seen, session_start

    made = []
    for _person in range(count):
        session = session_start(survey, origin="person")
        consent_give(session)
        instructions_seen(session)
        made.append(session.key)
    return iter(made)


@contextmanager
def served(port: int, threads: int) -> Iterator[None]:
    command = [
        sys.executable, "-m", "gunicorn", "config.wsgi:application", "-k", "gthread",
        "-w", "2", "--threads", str(threads), "-b", f"127.0.0.1:{port}", "--log-level", "error",
        "--no-control-socket",
    ]  # fmt: skip
    server = subprocess.Popen(command, env=dict(os.environ))
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                Bare(port).step()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


def row(label: str, value: str, ratio: str = "") -> None:
    print(f"{label:<58} {value:>14} {ratio:>9}", flush=True)


def milliseconds(outcome: Outcome, share: float) -> str:
    return f"{1000 * outcome.percentile(share):.1f} ms"


def measure(name: str, database: str, threads: int, given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="proofsheet-bench-") as folder:
        setup(folder, database or f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
        survey = survey_make()
        keys = keys_of(survey, 60 * given.clients + given.annotators)
        lock = threading.Lock()

        def key() -> str:
            with lock:
                return next(keys)

        port = free_port()
        print(f"-- {name}")
        with served(port, threads):
            _rates(port, key, given)
            _crowd(port, key, given)
        _books(survey)


def _rates(port: int, key, given: argparse.Namespace) -> None:
    def annotators(pictures: bool, count: int = given.clients) -> list[Annotator]:
        return [Annotator(port, SLUG, key, pictures=pictures) for _client in range(count)]

    bares = [Bare(port) for _client in range(given.clients)]
    saturate(bares, 1)
    bare = saturate(bares, given.seconds)
    row("bare INSERT, saturated (yardstick)", f"{bare.rate:.0f} /s", "1.00 x")
    alone = saturate(annotators(False), given.seconds)
    row("vote + next pair, saturated, no pictures", f"{alone.rate:.0f} /s",
        f"{alone.rate / bare.rate:.2f} x")  # fmt: skip
    full = saturate(annotators(True), given.seconds)
    row("vote + next pair + both pictures, saturated", f"{full.rate:.0f} /s",
        f"{full.rate / bare.rate:.2f} x")  # fmt: skip
    rate = 0.6 * full.rate
    slow = paced(bares, rate, given.seconds)
    row(f"p95 of the bare INSERT at {rate:.0f} /s", milliseconds(slow, 0.95), "1.00 x")
    votes = paced(annotators(True), rate, given.seconds)
    row(f"p95 of a vote at {rate:.0f} /s, both pictures fetched", milliseconds(votes, 0.95),
        f"{votes.percentile(0.95) / slow.percentile(0.95):.2f} x")  # fmt: skip


class Thinker:
    """An annotator who looks at each pair before choosing; step() returns the vote's seconds."""

    def __init__(self, annotator: Annotator) -> None:
        self.annotator = annotator

    def step(self) -> float:
        time.sleep(min(4 * THINK_S, random.expovariate(1 / THINK_S)))
        return self.annotator.step()


def _crowd(port: int, key, given: argparse.Namespace) -> None:
    if not given.annotators:
        return
    crowd = [
        Thinker(Annotator(port, SLUG, key, pictures=True)) for _person in range(given.annotators)
    ]
    outcome = saturate(crowd, max(20.0, 2 * given.seconds))
    label = f"{given.annotators} annotators at once, {THINK_S:.0f} s a pair, both pictures"
    row(label, f"{outcome.rate:.0f} votes/s")
    row("  median and p95 of a vote", milliseconds(outcome, 0.5), milliseconds(outcome, 0.95))


def _books(survey) -> None:
    from django.utils import timezone

    from survey.selectors.results import ledger

    print("ledger", ledger(survey, now=timezone.now()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--annotators", type=int, default=500)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    given = parser.parse_args()
    if given.only == "sqlite":
        measure("SQLite (WAL, synchronous FULL), 2 workers x 2 threads", "", 2, given)
        return
    if given.only == "postgres":
        with ExitStack() as stack:
            database = stack.enter_context(postgres(durable=True))
            measure("PostgreSQL (fsync on), 2 workers x 4 threads", database, 4, given)
        return
    print(machine())
    # A process a database: Django's settings are read once.
    for only in ("sqlite", "postgres"):
        subprocess.run(
            [sys.executable, "-m", "bench.load", *sys.argv[1:], "--only", only], check=True
        )


if __name__ == "__main__":
    main()
