"""What a job leaves behind while it works: curves, files, scores; all under its lease."""

import hashlib
from collections.abc import Iterable
from math import isfinite
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Now

from models_app.files import file_store
from models_app.models import Job, JobArtifact, JobMetric, JobSeries
from models_app.services.leases import lease_hold

Point = tuple[str, int, float]
CHUNK = 1 << 20


def metrics_record(job: Job, points: Iterable[Point]) -> None:
    """Store points (name, step, value); a step that is there already is overwritten.

    Raises LeaseLost, and then nothing is stored.
    """
    # A statement may name a row once.
    last = {(name, step): value for name, step, value in points}
    if not last:
        return
    with transaction.atomic():
        lease_hold(job)
        series = _series(job, {name for name, _step in last})
        JobMetric.objects.bulk_create(
            [
                JobMetric(series=series[name], step=step, value=_finite(value))
                for (name, step), value in last.items()
            ],
            update_conflicts=True,
            unique_fields=["series", "step"],
            update_fields=["value"],
            batch_size=500,
        )
        for name, each in series.items():
            newest = max(step for found, step in last if found == name)
            # What is done again after a crash lies behind what is known.
            if newest >= each.last_step:
                each.last_step, each.last_value = newest, _finite(last[name, newest])
        JobSeries.objects.bulk_update(series.values(), ["last_step", "last_value"])


def metrics_cut(job: Job, *, after: int) -> None:
    """Forget points beyond a step, when work goes on from an earlier checkpoint."""
    with transaction.atomic():
        lease_hold(job)
        JobMetric.objects.filter(series__job=job, step__gt=after).delete()
        for each in JobSeries.objects.filter(job=job, last_step__gt=after):
            newest = each.points.order_by("-step").first()
            each.last_step = newest.step if newest else 0
            each.last_value = newest.value if newest else None
            each.save(update_fields=["last_step", "last_value"])


def artifact_store(job: Job, name: str, content: bytes | Path, *, content_type: str) -> JobArtifact:
    """Store a file of a job and its hash; the one that had this name before is deleted.

    Raises LeaseLost, and then nothing is left.
    """
    sha256, size = _hash(content)
    folder, suffix = f"jobs/{job.pk}", Path(name).suffix
    if isinstance(content, bytes):
        stored = file_store(folder, suffix, content)
    else:
        with content.open("rb") as file:
            stored = file_store(folder, suffix, File(file))
    values = {"file": stored, "content_type": content_type, "bytes": size, "sha256": sha256}
    try:
        with transaction.atomic():
            lease_hold(job)
            before = JobArtifact.objects.filter(job=job, name=name).first()
            artifact, _new = JobArtifact.objects.update_or_create(
                job=job, name=name, defaults={**values, "created_at": Now()}
            )
    except BaseException:
        default_storage.delete(stored)
        raise
    if before is not None:
        default_storage.delete(before.file)
    return artifact


def _series(job: Job, names: set[str]) -> dict[str, JobSeries]:
    found = {each.name: each for each in JobSeries.objects.filter(job=job, name__in=names)}
    for name in sorted(names - found.keys()):
        found[name] = JobSeries.objects.create(job=job, name=name)
    return found


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _hash(content: bytes | Path) -> tuple[str, int]:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    digest = hashlib.sha256()
    with content.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest(), content.stat().st_size
