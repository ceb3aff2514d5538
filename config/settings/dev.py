"""One machine: what `make run` uses. The key is generated once and kept in var/."""

from config import env
from config.local import local_hosts, secret_key
from config.settings.base import *  # noqa: F403 - a settings module is its base plus changes
from config.settings.topics import MEDIA_STORAGE, VAR

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY", "") or secret_key(VAR / "secret-key")
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, 1, 65535)
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", local_hosts(HOST))
# Static files straight from static/, so that `make run` needs no collectstatic.
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": MEDIA_STORAGE,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
