"""Celery tasks: a message only says that a queue has work; the rows say which."""

from celery import shared_task

from models_app.models import Job
from models_app.services.jobs import TASKS


@shared_task(name=TASKS[Job.Queue.CPU])
def work_cpu() -> bool:
    """Do the next job of the queue `cpu`; False where there was none."""
    from models_app.jobs.runner import work_next

    return work_next(Job.Queue.CPU)


@shared_task(name=TASKS[Job.Queue.GPU])
def work_gpu() -> bool:
    """Do the next job of the queue `gpu`; False where there was none."""
    from models_app.jobs.runner import work_next

    return work_next(Job.Queue.GPU)
