"""What happens when a Celery worker starts and stops."""

from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutdown, worker_shutting_down
from django.db import connections

from models_app.jobs.signals import go_down
from models_app.workers import identity
from models_app.workers.watch import Watch

_watches: list[Watch] = []


@worker_init.connect
def prepare(**_kwargs: Any) -> None:
    """In the main process, before the pool starts."""
    identity.main_set()
    for connection in connections.all():
        # A pool's threads do not survive the fork into the worker's processes.
        connection.settings_dict["OPTIONS"].pop("pool", None)


@worker_ready.connect
def watch(sender: Any, **_kwargs: Any) -> None:
    queues = ",".join(sorted(sender.app.amqp.queues.consume_from))
    started = Watch(queues[:40], getattr(sender.controller, "concurrency", None) or 1)
    _watches.append(started)
    started.start()


@worker_shutting_down.connect
def hand_back(**_kwargs: Any) -> None:
    """Jobs at work save and go back to the queue; the worker waits for that."""
    go_down()


@worker_shutdown.connect
def leave(**_kwargs: Any) -> None:
    while _watches:
        _watches.pop().stop()
