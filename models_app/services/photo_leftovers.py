"""Files that a killed attempt of an import has stored, and that no photo names."""

from django.core.files.storage import default_storage

from models_app.files import files_below
from models_app.models import Job, Photo
from models_app.services.photo_taking import FOLDER

CHUNK = 500


def attempt_folder(job: Job) -> str:
    """Return where this attempt stores photos; nobody else does, as nobody else has its lease."""
    return f"{_folder(job)}/{job.pk}-{job.lease}"


def leftovers_remove(job: Job) -> int:
    """Delete what earlier attempts of a running job stored without a row; returns how many files.

    Whoever stored them has lost the lease and writes no rows any more (`lease_hold`), so what has
    none now never gets one. Files of other jobs and of imports without a job are not looked at.
    """
    ours, now = f"{_folder(job)}/{job.pk}-", f"{attempt_folder(job)}/"
    stored = [
        name
        for name in files_below(_folder(job))
        if name.startswith(ours) and not name.startswith(now)
    ]
    removed = 0
    for first in range(0, len(stored), CHUNK):
        names = stored[first : first + CHUNK]
        # After the listing: what was stored by then is named by now, or never.
        named = set(Photo.objects.filter(file__in=names).values_list("file", flat=True))
        for name in names:
            if name not in named:
                default_storage.delete(name)
                removed += 1
    return removed


def _folder(job: Job) -> str:
    """Of an upload: keys of jobs come again in another database, its token does not."""
    token = str(job.config["upload"]).partition(".")[0]
    return f"{FOLDER}/{token}"
