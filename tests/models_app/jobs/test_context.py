"""What a job reports and keeps: curves, files, log, rows."""

import math
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from models_app.errors import LeaseLost
from models_app.jobs import context as contexts
from models_app.jobs.context import Context
from models_app.models import Job, JobArtifact, JobSeries
from models_app.services import job_records, leases
from tests.models_app.jobs.curves import points

pytestmark = pytest.mark.django_db


def test_curves_keep_what_is_not_finite_as_a_gap(launch):
    launch()
    job = leases.job_claim("cpu", worker="w")
    odd = [("loss", 1, 0.5), ("loss", 2, math.nan), ("loss", 3, math.inf)]
    job_records.metrics_record(job, odd)
    assert points("loss") == [(1, 0.5), (2, None), (3, None)]
    series = JobSeries.objects.get()
    assert (series.last_step, series.last_value) == (3, None)
    job_records.metrics_record(job, [("loss", 2, 0.25), ("loss", 2, 0.125)])
    assert points("loss")[1] == (2, 0.125)
    # What is done again does not put the curve's end back.
    series.refresh_from_db()
    assert series.last_step == 3
    job_records.metrics_cut(job, after=1)
    assert points("loss") == [(1, 0.5)]
    series.refresh_from_db()
    assert (series.last_step, series.last_value) == (1, 0.5)


def test_an_artifact_replaces_the_one_of_its_name(launch, tmp_path: Path):
    launch()
    job = leases.job_claim("cpu", worker="w")
    first = job_records.artifact_store(job, "a.bin", b"one", content_type="text/plain")
    path = tmp_path / "big"
    path.write_bytes(b"x" * 3_000_000)
    second = job_records.artifact_store(job, "a.bin", path, content_type="text/plain")
    assert JobArtifact.objects.get() == second
    assert second.bytes == 3_000_000
    assert not default_storage.exists(first.file)
    assert default_storage.size(second.file) == 3_000_000


def test_the_log_keeps_its_last_lines(launch):
    launch()
    context = Context(leases.job_claim("cpu", worker="w"))
    for number in range(3000):
        context.log(f"line {number} of many")
    context.flush()
    log = Job.objects.get().log
    assert len(log) <= contexts.LOG_LETTERS
    assert log.endswith("line 2999 of many")


def test_saving_needs_the_lease(launch):
    launch()
    context = Context(leases.job_claim("cpu", worker="w"))
    Job.objects.update(lease="another")
    with pytest.raises(LeaseLost):
        context.save(next=3)
    assert Job.objects.get().resume == {}
    with pytest.raises(LeaseLost):
        context.check()
