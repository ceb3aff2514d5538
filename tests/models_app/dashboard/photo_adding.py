"""Photos sent as the page Add photos sends them."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from models_app.models import Job


def add(client: Client, *files: tuple[str, bytes], credits: bytes = b"", **fields: str):
    data: dict[str, object] = {"option-dataset": "New", **fields}
    data["files"] = [SimpleUploadedFile(name, content) for name, content in files]
    if credits:
        data["credits"] = SimpleUploadedFile("credits.csv", credits)
    headers = {"Accept": "text/html"}
    return client.post(reverse("models_dashboard:photos_add"), data, headers=headers)


def report(job: Job) -> str:
    return reverse("models_dashboard:job_results_import_photos", args=[job.pk])
