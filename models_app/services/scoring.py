"""Single photos that somebody wants scored: taking them in, and deleting them after a while."""

import re
from datetime import timedelta
from typing import IO
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.translation import gettext as _

from models_app.errors import JobConflict, JobInvalid
from models_app.models import Job
from models_app.selectors import scored as selectors
from models_app.services.checkpoints import UPLOADS
from models_app.services.jobs import job_cancel, job_create, job_delete

KIND = selectors.KIND
# The name that a browser sends is never used: what a file is, its content says.
TOKEN = re.compile(r"[0-9a-f]{32}\.photo")
# Of one person, that no worker has begun.
MOST_WAITING = 3


def max_bytes() -> int:
    return int(settings.PHOTO_MAX_BYTES)


def kept_hours() -> int:
    return int(settings.SCORED_PHOTO_KEPT_S) // 3600


def too_large(size: int) -> str:
    return _("The photo has %(size).1f MB; allowed are %(most)d MB: save it smaller.") % {
        "size": size / 1e6,
        "most": max_bytes() // 1_000_000,
    }


def photo_score(file: IO[bytes], *, checkpoint: str, by: User | None) -> Job:
    """Keep a photo until a worker has scored it, and launch the job that does. Raises JobInvalid.

    The file is deleted by the worker that has read it, at the latest when the job is.
    """
    if by is not None and selectors.scorings_waiting(by) >= MOST_WAITING:
        raise JobInvalid(
            _("%(n)d of your photos wait for a worker; send more when they have their scores.")
            % {"n": MOST_WAITING},
            "photo",
        )
    token = _upload_keep(file)
    try:
        return job_create(KIND, {"upload": token, "checkpoint": checkpoint}, by=by)
    except BaseException:
        upload_delete(token)
        raise


def upload_name(token: str) -> str:
    """Return the stored name of a waiting photo. Raises JobInvalid."""
    name = f"{UPLOADS}/{token}"
    if not TOKEN.fullmatch(token) or not default_storage.exists(name):
        raise JobInvalid(_("The photo is no longer there; choose it again."), "upload")
    return name


def upload_delete(token: str) -> None:
    if TOKEN.fullmatch(token):
        default_storage.delete(f"{UPLOADS}/{token}")


def scored_clean() -> int:
    """Delete photos that were handed in too long ago, with all that came of them; returns how many.

    What still runs is asked to stop, and goes the next time.
    """
    gone = 0
    for job in selectors.scorings_old(settings.SCORED_PHOTO_KEPT_S):
        try:
            job_cancel(job)
            job_delete(job)
        except JobConflict:
            continue
        gone += 1
    return gone


def uploads_clean() -> int:
    """Delete waiting photos that no job knows and that are too old; returns how many."""
    try:
        _folders, names = default_storage.listdir(UPLOADS)
    except FileNotFoundError:
        return 0
    before = timezone.now() - timedelta(seconds=settings.SCORED_PHOTO_KEPT_S)
    old = [
        name
        for name in names
        if TOKEN.fullmatch(name) and default_storage.get_modified_time(f"{UPLOADS}/{name}") < before
    ]
    for name in old:
        upload_delete(name)
    return len(old)


def _upload_keep(file: IO[bytes]) -> str:
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    if size > max_bytes():
        raise JobInvalid(too_large(size), "photo")
    if not size:
        raise JobInvalid(_("The file is empty; choose a photo."), "photo")
    uploads_clean()
    token = f"{uuid4().hex}.photo"
    try:
        default_storage.save(f"{UPLOADS}/{token}", File(file))
    except BaseException:
        default_storage.delete(f"{UPLOADS}/{token}")
        raise
    return token
