"""Tests: a fast password hasher, media in a temporary folder, messages stay in memory.

DATABASE_URL, CELERY_BROKER_URL and STORAGE_URL name real servers instead.
"""

import atexit
import os
import tempfile
from pathlib import Path

from config import env
from config.settings.base import *  # noqa: F403 - a settings module is its base plus changes
from config.settings.base import DATABASES
from config.settings.topics import MEDIA_STORAGE

DEBUG = False
SECRET_KEY = "only for tests: signs nothing that leaves this process"  # noqa: S105 - not a secret
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
_temporary = tempfile.TemporaryDirectory(prefix="proofsheet-test-")
# Not left to the end of the interpreter, which warns of it.
atexit.register(_temporary.cleanup)
MEDIA_ROOT = Path(_temporary.name) / "media"
# What tests decode goes with them.
DECODED_CACHE = Path(_temporary.name) / "decoded"
# A test's database is nobody's data.
BACKUP_BEFORE_MIGRATE = False
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# Several test processes on one set of servers: each has a broker's database and a folder of its own
# (PostgreSQL's database is pytest-django's affair).
_process = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
if _process and "OPTIONS" in MEDIA_STORAGE:
    MEDIA_STORAGE["OPTIONS"]["location"] += f"/{_process}"
STORAGES = {
    "default": MEDIA_STORAGE,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A real one where it is named (tests/servers.py).
CELERY_BROKER_URL = env.broker("CELERY_BROKER_URL") or "memory://"
if _process and CELERY_BROKER_URL.endswith("/0"):
    CELERY_BROKER_URL = CELERY_BROKER_URL.removesuffix("0") + str(int(_process) + 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {}
# A real file, as in use: locks between connections are part of what is tested.
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_temporary.name) / "test.sqlite3")}
