"""Imports of archives, launched and done here and now."""

from django.core.files.uploadedfile import SimpleUploadedFile

from models_app.files import files_below
from models_app.models import Job
from models_app.selectors import photo_imports as selectors
from models_app.services import photo_uploads
from models_app.services.jobs import job_create
from tests.jobs import work_all

KIND = "import_photos"


def launch(archive: bytes, credits: str = "", **config: str) -> Job:
    table = SimpleUploadedFile("credits.csv", credits.encode()) if credits else None
    token = photo_uploads.upload_keep([SimpleUploadedFile("my.zip", archive)], table)
    return job_create(KIND, {"dataset": "d", "upload": token, **config})


def finished(job: Job) -> Job:
    work_all()
    job.refresh_from_db()
    return job


def outcomes(job: Job) -> dict[str, tuple[str, str]]:
    return {row.name: (row.outcome, row.reason) for row in selectors.report_rows(job)}


def waiting() -> list[str]:
    return list(files_below("uploads"))
