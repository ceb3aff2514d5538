"""Tests: a fast password hasher, media in a temporary folder, messages stay in memory."""

import tempfile
from pathlib import Path

from config.settings.base import *  # noqa: F403 - a settings module is its base plus changes
from config.settings.base import DATABASES

DEBUG = False
SECRET_KEY = "only for tests: signs nothing that leaves this process"  # noqa: S105 - not a secret
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
_temporary = tempfile.TemporaryDirectory(prefix="proofsheet-test-")
MEDIA_ROOT = Path(_temporary.name) / "media"
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
# A real file, as in use: locks between connections are part of what is tested.
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_temporary.name) / "test.sqlite3")}
