"""Workers that say that they live."""

from datetime import timedelta

from django.db.models.functions import Now

from models_app.clock import db_now
from models_app.jobs.versions import versions
from models_app.models import Worker
from models_app.workers import identity

# After this, a worker that said nothing is no longer listed.
FORGET = timedelta(days=1)


def worker_beat(name: str, *, host: str, queues: str, slots: int) -> None:
    """Say that this worker lives, and with what; forgets those long dead."""
    device = identity.device()
    values = {
        "host": host,
        "queues": queues,
        "slots": slots,
        "device": device.name[:120],
        "gpu_memory_used": device.memory_used,
        "gpu_memory_total": device.memory_total,
        "memory_used": identity.memory_used(identity.pid_of(name.rpartition("/")[2])),
        "memory_total": identity.memory_total(),
        "versions": versions(),
        "beat_at": Now(),
    }
    if not Worker.objects.filter(name=name).update(**values):
        Worker.objects.create(name=name, started_at=Now(), **values)
        Worker.objects.filter(beat_at__lt=db_now() - FORGET).delete()


def worker_leave(name: str) -> None:
    """Take a worker that ends in good order off the list."""
    Worker.objects.filter(name=name).delete()
