"""A server behind HTTPS: no default for a secret, strict cookies, hashed static files."""

from config import env
from config.settings.base import *  # noqa: F403 - a settings module is its base plus changes
from config.settings.topics import MEDIA_STORAGE, REST_FRAMEWORK

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, 1, 65535)
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", [])
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if not host.startswith(".")]
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
LANGUAGE_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", 31_536_000, 0, 63_072_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.boolean("SECURE_HSTS_PRELOAD", default=False)
# Whether other names below this domain speak HTTPS too, only its owner knows.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# Set by the proxy in front; a server without one must not trust it.
if env.boolean("BEHIND_PROXY", default=True):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # The last address of X-Forwarded-For is the one that the proxy saw.
    REST_FRAMEWORK = {**REST_FRAMEWORK, "NUM_PROXIES": 1}
STORAGES = {
    "default": MEDIA_STORAGE,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
