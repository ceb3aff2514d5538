"""Celery tasks: claim, call, finish. Heavy imports inside the bodies."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from models_app.services import publish, renditions


@worker_ready.connect
def ask_at_start(**_kwargs: Any) -> None:
    """Whatever the broker forgot while no worker ran is asked for again."""
    renditions.rendering_request()


@shared_task(name=renditions.TASK)
def render_missing() -> int:
    """Render one photo's missing pictures, then ask for the next; returns how many were stored."""
    from models_app.rendering import work_render

    work = renditions.work_claim()
    if work is None:
        return 0
    done = []
    for rendition in work_render(work):
        done.append(rendition)
        renditions.renditions_record([rendition])
    publish.publish_everywhere(done)
    renditions.rendering_request()
    return len(done)
