"""Celery tasks: claim, call, finish. Heavy imports inside the bodies."""

from celery import shared_task

from models_app.services import publish, renditions


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
