"""One block a topic: folders, celery, API, files, log-in, headers, logging."""

from pathlib import Path

from csp.constants import NONE, SELF

from config import env
from config.broker import broker_pick

# --- folders: what the program writes lies under var/ unless told otherwise
VAR = env.folder("PROOFSHEET_VAR", Path(__file__).resolve().parent.parent.parent / "var")
VAR.mkdir(parents=True, exist_ok=True)
MEDIA_ROOT = env.folder("MEDIA_ROOT", VAR / "media")
# Photos and rendered pictures: the folder above, or a bucket; STORAGES["default"] everywhere.
MEDIA_STORAGE = env.storage("STORAGE_URL")
BACKUP_BEFORE_MIGRATE = env.boolean("BACKUP_BEFORE_MIGRATE", default=True)
STATIC_URL = "static/"
STATIC_ROOT: Path | None = VAR / "static"
STATICFILES_DIRS = [Path(__file__).resolve().parent.parent.parent / "static"]
# Uploads are written here as they come in; beside the photos, so that a large one is moved there.
FILE_UPLOAD_TEMP_DIR = VAR / "incoming"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
# No request brings a file but where a view takes it (survey/uploads.py).
FILE_UPLOAD_HANDLERS = ["survey.uploads.NoFiles"]
# Stimuli are served by a view that knows who may see them; there is no MEDIA_URL on purpose.
MEDIA_URL = ""

# --- celery
_broker = broker_pick(env.broker("CELERY_BROKER_URL"), var=VAR, start=False)
CELERY_BROKER_URL = _broker.url
CELERY_BROKER_TRANSPORT_OPTIONS = _broker.transport_options
# Set by the command for another machine (config/remote.py): it must share all with this one.
REMOTE_WORKER = env.boolean("PROOFSHEET_REMOTE", default=False)
# Named, not imported: a page of models_app asks, and only config knows all settings.
WORKER_JOINING = {
    "obstacles": "config.remote.worker_obstacles",
    "command": "config.remote.worker_command",
}
# Named, not imported: survey knows photos and presets by name only (survey/designs/pictures.py).
SURVEY_PICTURES = {
    "formulas": "models_app.services.designs.formulas_sha256",
    "hashes": "models_app.services.designs.photo_hashes",
    "credits": "models_app.services.designs.photo_credits",
    "find": "models_app.services.designs.photos_find",
    "check": "models_app.services.designs.dataset_check",
    "show": "models_app.services.designs.dataset_show",
    "draft": "models_app.services.survey_making.survey_draft",
    "datasets": "models_app.services.designs.datasets_known",
    "shown": "models_app.services.designs.dataset_shown",
    "photos": "models_app.services.design_photos.dataset_photos",
    "waiting": "models_app.services.design_photos.pictures_waiting",
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 4
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_ROUTES = {"models_app.gpu.*": {"queue": "gpu"}}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5

# --- jobs, in seconds: how often a worker says that it lives, after how long it is taken for dead,
# and after how long a message that no worker took is sent again
JOB_HEARTBEAT_S = env.integer("JOB_HEARTBEAT_SECONDS", 5, 1, 60)
JOB_LOST_S = env.integer("JOB_LOST_SECONDS", 60, 3, 3600)
JOB_RESEND_S = env.integer("JOB_RESEND_SECONDS", 60, 1, 3600)

# --- API: requests a minute before the answer is 429; 0 = as many as one likes. Counted in the
# cache, so that no vote costs a query: in the memory of each server process, or in a Redis that all
# of them share.
API_PER_MINUTE = {
    "participant": env.integer("API_PARTICIPANT_PER_MINUTE", 600, 0, 1_000_000),
    "stranger": env.integer("API_STRANGER_PER_MINUTE", 300, 0, 1_000_000),
    "staff": env.integer("API_STAFF_PER_MINUTE", 240, 0, 1_000_000),
    "docs": env.integer("API_DOCS_PER_MINUTE", 60, 0, 1_000_000),
}
CACHES = {
    "default": env.cache("CACHE_URL"),
    # Counts go on here while a shared one does not answer (survey/limits.py).
    "process": env.PROCESS_CACHE,
}
REST_FRAMEWORK = {
    # A view that names nobody is for staff, by log-in; ours name who may (survey/api/base.py).
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["survey.api.formats.SmallJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "survey.api.formats.AnyAccept",
    "DEFAULT_SCHEMA_CLASS": "survey.api.schema.Schema",
    # The schema says more than an OPTIONS request could, to those who may read it.
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "survey.api.errors.exception_handler",
    # A format is part of an address here (votes.csv), never a parameter.
    "URL_FORMAT_OVERRIDE": None,
    # Nobody's X-Forwarded-For is believed; config/settings/prod.py knows of a proxy.
    "NUM_PROXIES": 0,
}
# Tokens of analysts: hashed at rest, shown once.
KNOX_TOKEN_MODEL = "survey.PersonalToken"  # noqa: S105 - not a secret
# Its own table is never used: ours replaces it.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {
    "TOKEN_MODEL": KNOX_TOKEN_MODEL,
    # So that people, and programs that look for leaked secrets, know one when they see it.
    "TOKEN_PREFIX": "proof_",
    "AUTH_HEADER_PREFIX": "Bearer",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Proofsheet",
    "DESCRIPTION": "Blind pairwise photo-preference surveys. Every refusal is an `Error`.",
    "TAGS": [
        {"name": "analysts", "description": "reading results, by log-in or personal token"},
        {"name": "participants", "description": "what the page of a pair does; one's own session"},
    ],
    "VERSION": "0.1.0",
    # 3.0 cannot say that a whole object may be null.
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {"SurveyState": "survey.models.Survey.State"},
    # Served from here: no page of ours asks another host for anything.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
}

# --- log-in: five wrong passwords for a name from one address close it for 15 minutes
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# The address of the person, not of the proxy in front, behind which everybody is one.
AXES_CLIENT_IP_CALLABLE = "survey.limits.address_or_none"
# The pause ends 15 minutes after it began, not after the last impatient try.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"

# --- taking part: starts of surveys from one address in a minute; 0 = as many as one likes. A room
# of people behind one address starts at once, so it is far above that.
STARTS_PER_MINUTE = env.integer("STARTS_PER_MINUTE", 120, 0, 1_000_000)

# --- headers
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
# Somebody who comes back within four weeks goes on where they left.
SESSION_COOKIE_AGE = 28 * 24 * 3600

# --- photos: caps looked at before a picture is decoded
PHOTO_MAX_BYTES = env.integer("PHOTO_MAX_MB", 100, 1, 2000) * 1_000_000
PHOTO_MAX_PIXELS = env.integer("PHOTO_MAX_MEGAPIXELS", 120, 1, 1000) * 1_000_000
# Of one upload of photos on the dashboard.
PHOTO_IMPORT_MAX_BYTES = env.integer("PHOTO_IMPORT_MAX_MB", 8000, 1, 1_000_000) * 1_000_000
# After so long a photo that somebody had scored is deleted, with its scores.
SCORED_PHOTO_KEPT_S = env.integer("SCORED_PHOTO_HOURS", 24, 1, 8760) * 3600

# Decoded photos that fine-tunings share; 0 = each decodes its own.
DECODED_CACHE = VAR / "decoded"
DECODED_CACHE_MAX_BYTES = env.integer("DECODED_CACHE_MAX_MB", 10_000, 0, 10_000_000) * 1_000_000

# --- weights of networks: the cap of a file
CHECKPOINT_MAX_BYTES = env.integer("CHECKPOINT_MAX_MB", 2000, 1, 20_000) * 1_000_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Wrong passwords and forms without a cookie are answered to whoever sent them.
        "axes": {"level": "ERROR"},
        "django.security.csrf": {"level": "ERROR"},
        # Nor does anybody fill the log: a header alone would bring 30 lines.
        "django.security.RequestDataTooBig": {"level": "CRITICAL"},
        "django.security.TooManyFieldsSent": {"level": "CRITICAL"},
        "django.security.TooManyFilesSent": {"level": "CRITICAL"},
        "PIL": {"level": "WARNING"},
        # A visitor who follows a broken link is no event for whoever runs this.
        "django.request": {"level": "ERROR"},
    },
}
