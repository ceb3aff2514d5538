"""The dashboard of jobs with 10,000 jobs and 10 million points, beside an empty board.

Usage: python -m bench.jobs_dashboard [--jobs N] [--points N]

One process, django.test.Client, no network; SQLite in a temporary folder, or the empty database
that DATABASE_URL names. The yardstick is the same board in the same process before any job is
there: log-in, session, template and styles without the data. Every job has a log of 4,000 letters;
one curve has a million points, the rest share 900 curves.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

TIMES = 20
LONG_CURVE = 1_000_000
CURVES = 900
STATES = ("succeeded",) * 13 + ("failed", "cancelled", "queued", "queued")
BOARD = "/dashboard/models/jobs/"


def setup(folder: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    os.environ["PROOFSHEET_VAR"] = folder
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def jobs_make(n: int) -> None:
    from django.contrib.auth.models import User

    from models_app.clock import db_now
    from models_app.models import Dataset, Job, Worker

    now = db_now()
    people = [User.objects.create_user(f"person-{i}") for i in range(5)]
    data = [Dataset.objects.create(name=f"dataset-{i}") for i in range(20)]
    log = ("12:00:00 epoch 1, a line as a job writes it\n" * 100)[:4000]
    for first in range(0, n, 1000):
        Job.objects.bulk_create(
            Job(
                kind="contact_sheet" if i % 5 == 0 else "render_survey",
                label=f"Render survey study-{i}", config={"survey": f"study-{i}"},
                queue="gpu" if i % 7 == 0 else "cpu", priority=i % 3,
                state="running" if i >= n - 12 else STATES[i % len(STATES)],
                created_at=now, queued_at=now, sent_at=now, started_at=now, claimed_at=now,
                heartbeat_at=now, worker=f"machine-{i % 8}/1/{i}", done=i % 90, total=90, rate=1.5,
                device="cpu", log=log, versions={"python": "3.11", "torch": "2.9"},
                created_by=people[i % 5], dataset=data[i % 20],
            )
            for i in range(first, min(first + 1000, n))
        )  # fmt: skip
    Worker.objects.bulk_create(
        Worker(
            name=f"machine-{i}/1", host=f"machine-{i}", queues="cpu", slots=2, device="A card",
            memory_used=1 << 30, memory_total=1 << 34, started_at=now, beat_at=now,
        )
        for i in range(8)
    )  # fmt: skip


def points(curves: list[int], n: int) -> Iterator[tuple[int, int, float]]:
    """Rows of JobMetric; the first curve is the long one."""
    long = min(LONG_CURVE, n // 2)
    rest = (n - long) // (len(curves) - 1)
    for curve, length in zip(curves, [long] + [rest] * (len(curves) - 1), strict=True):
        for step in range(1, length + 1):
            yield curve, step, 1 / step


def points_make(n: int) -> int:
    """Fill in the points as fast as the database takes them; returns the job of the long curve."""
    from django.db import connection

    from models_app.models import Job, JobSeries

    jobs = list(Job.objects.filter(state="running").order_by("pk")[:9])
    series = JobSeries.objects.bulk_create(
        JobSeries(job=jobs[0] if i == 0 else jobs[1 + i % 8], name=f"loss-{i}", last_step=1)
        for i in range(CURVES + 1)
    )
    rows = points([each.pk for each in series], n)
    if connection.vendor == "sqlite":
        _sqlite_fill(connection, rows)
    else:
        columns = "models_app_jobmetric (series_id, step, value)"
        with connection.cursor() as cursor, cursor.copy(f"COPY {columns} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for each in series:
        last = JobSeries.objects.filter(pk=each.pk)
        last.update(last_step=min(LONG_CURVE, n // 2) if each is series[0] else n // CURVES)
    return jobs[0].pk


def _sqlite_fill(connection, rows: Iterator[tuple[int, int, float]]) -> None:
    """One transaction a chunk, nothing waits for the disk."""
    connection.ensure_connection()
    raw = connection.connection
    raw.execute("PRAGMA synchronous=OFF")
    raw.execute("PRAGMA cache_size=-500000")
    while chunk := list(islice(rows, 500_000)):
        raw.execute("BEGIN")
        raw.executemany(
            "INSERT INTO models_app_jobmetric (series_id, step, value) VALUES (?, ?, ?)",
            chunk,
        )
        raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    # As in use again.
    raw.execute("PRAGMA cache_size=-20000")


def measure(label: str, call: Callable[[], object], yardstick: float | None = None) -> float:
    call()
    spent = []
    for _time in range(TIMES):
        start = time.perf_counter()
        call()
        spent.append(1000 * (time.perf_counter() - start))
    median = statistics.median(spent)
    beside = f"{median / yardstick:6.1f} x" if yardstick else "   1.0 x"
    print(f"{label:<44} {median:8.1f} ms median {max(spent):8.1f} ms most {beside}", flush=True)
    return median


def pages(job: int) -> dict[str, str]:
    from models_app.models import Job, JobSeries

    many = Job.objects.exclude(pk=job).filter(series__isnull=False).order_by("pk")[0].pk
    newest = list(Job.objects.order_by("-pk").values_list("pk", flat=True)[:50])
    waiting = Job.objects.filter(state="queued").order_by("-pk").values_list("pk", flat=True)[:50]
    ids = ",".join(map(str, newest))
    series = JobSeries.objects.filter(job=job).get()
    return {
        "board, newest first": BOARD,
        "board, 200 rows": f"{BOARD}?rows=200",
        "board, queued": f"{BOARD}?state=queued",
        "board, text, dataset and kind": f"{BOARD}?text=study-9&dataset=4&kind=render_survey",
        "board, text found nowhere": f"{BOARD}?text=nothing-like-this",
        "board, longest running first": f"{BOARD}?sort=longest",
        "board, nearest its end first, small work too": f"{BOARD}?sort=progress&small=1",
        "board, page 150": f"{BOARD}?after=[{newest[0] - 8000}]",
        "live JSON of 50 rows": f"{BOARD}live/?ids={ids}&newest={newest[0]}",
        "live JSON of 50 waiting rows": f"{BOARD}live/?ids={','.join(map(str, waiting))}",
        "workers": "/dashboard/models/workers/",
        "job page": f"{BOARD}{job}/",
        "job page, 112 curves": f"{BOARD}{many}/",
        "job live JSON": f"{BOARD}{job}/live/",
        "curve JSON, a million points": f"{BOARD}{job}/curves/",
        "curve JSON, what came since": (
            f"{BOARD}{job}/curves/?known={series.pk}:{series.last_step - 3000}:1024"
        ),
        "curve JSON, 112 curves of 10,000 points": f"{BOARD}{many}/curves/",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=10_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="proofsheet-bench-") as folder:
        setup(folder)
        from django.contrib.auth.models import User
        from django.db import connection
        from django.test import Client

        from bench.machine import machine

        print(f"{machine()}; {connection.vendor}")
        client = Client()
        client.force_login(
            User.objects.create_superuser("ada", password="pw"),
            backend="django.contrib.auth.backends.ModelBackend",
        )

        def get(address: str) -> Callable[[], object]:
            def call() -> None:
                response = client.get(address)
                if response.status_code != 200:
                    raise SystemExit(f"{address}: {response.status_code}")

            return call

        yardstick = measure("empty board (yardstick)", get(BOARD))
        start = time.perf_counter()
        jobs_make(options.jobs)
        job = points_make(options.points)
        print(f"built in {time.perf_counter() - start:.0f} s", flush=True)
        for label, address in pages(job).items():
            measure(label, get(address), yardstick)
        connection.close()


if __name__ == "__main__":
    main()
