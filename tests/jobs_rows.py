"""Rows of jobs and workers for pages, without running anything."""

from datetime import timedelta

from models_app.clock import db_now
from models_app.models import Job, JobMetric, JobSeries, Worker


def job_make(state: str = "queued", **values: object) -> Job:
    now = db_now()
    times = {"created_at": now, "queued_at": now, "sent_at": now}
    if state != "queued":
        times["started_at"] = times["claimed_at"] = times["heartbeat_at"] = now
    if state not in {"queued", "running"}:
        times["finished_at"] = now
    defaults = {
        "kind": "render_survey",
        "label": "Render survey study",
        "config": {"survey": "study", "part": 1, "parts": 1},
        "queue": "cpu",
        "state": state,
        "lease": "held" if state == "running" else "",
        **times,
    }
    return Job.objects.create(**defaults | values)


def worker_make(name: str = "desk/10", *, silent_s: float = 0, **values: object) -> Worker:
    now = db_now()
    defaults = {
        "host": name.partition("/")[0],
        "queues": "cpu",
        "slots": 2,
        "device": "A processor x 8",
        "memory_used": 3 << 30,
        "memory_total": 16 << 30,
        "versions": {"python": "3.11.2"},
        "started_at": now,
        "beat_at": now - timedelta(seconds=silent_s),
    }
    return Worker.objects.create(name=name, **defaults | values)


def curve_make(job: Job, name: str, steps: range, value=float) -> JobSeries:
    series = JobSeries.objects.create(
        job=job, name=name, last_step=steps[-1], last_value=value(steps[-1])
    )
    points = [JobMetric(series=series, step=n, value=value(n)) for n in steps]
    JobMetric.objects.bulk_create(points, batch_size=200)
    return series
