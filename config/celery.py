"""The Celery app; queues `cpu` and `gpu` (settings in config/settings/topics.py)."""

import os

from celery import Celery

from config import remote  # noqa: F401 - a remote worker that can share nothing does not start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("proofsheet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
