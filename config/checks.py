"""System checks across settings: config.E001..."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.files.storage import default_storage

from config import env


@register()
def media_is_writable(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.STORAGES["default"]["BACKEND"] != env.LOCAL_STORAGE:
        return []
    folder = Path(settings.MEDIA_ROOT)
    # A folder still to be made is writable if the nearest one that exists is.
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if os.access(nearest, os.W_OK):
        return []
    return [
        Error(
            f"MEDIA_ROOT {folder} cannot be written.",
            hint="Give this user write permission there, or set MEDIA_ROOT to another folder.",
            id="config.E001",
        )
    ]


# Only when asked for: it talks to the storage server.
@register(deploy=True)
def bucket_answers(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    check = getattr(default_storage, "answer_check", None)
    if check is None:
        return []
    try:
        check()
    except OSError as error:
        return [Error(str(error), id="config.E004")]
    return []


@register()
def gpu_queue_is_routed(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    queues = {route.get("queue") for route in settings.CELERY_TASK_ROUTES.values()}
    if "gpu" in queues:
        return []
    return [
        Error(
            "No task is routed to the queue `gpu`.",
            hint="Route models_app.gpu.* to the queue gpu in CELERY_TASK_ROUTES.",
            id="config.E002",
        )
    ]


@register(deploy=True)
def hosts_are_named(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.ALLOWED_HOSTS and "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ALLOWED_HOSTS names no host.",
            hint="Set ALLOWED_HOSTS to the names people type, separated by commas.",
            id="config.E003",
        )
    ]
