"""A worker that is killed in the middle of an import: nothing is lost, nothing is there twice."""

import io
import os
import signal
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from models_app.files import files_below
from models_app.imaging import open_photo
from models_app.models import Job, Photo
from models_app.services import photo_uploads
from models_app.services.jobs import job_create
from tests.config.conftest import wait_until
from tests.faults.conftest import Site, ends
from tests.models_app.zips import zip_of

pytestmark = pytest.mark.timeout(420)
PARTS = 24


def parts(real_photos: list[Path]) -> bytes:
    """Parts of real photos, each another picture."""
    files = []
    for path in real_photos:
        photo = open_photo(path)
        for n in range(PARTS):
            out = io.BytesIO()
            photo.crop((n, n, n + 360, n + 280)).save(out, "PNG", compress_level=1)
            files.append((f"x/{path.stem}-{n}.png", out.getvalue()))
    return zip_of(files)


def files() -> set[str]:
    return set(files_below("photos"))


@pytest.mark.slow
def test_imports_of_killed_workers_go_on_without_losing_or_doubling_a_photo(
    site: Site, real_photos: list[Path]
):
    before = files()
    token = photo_uploads.upload_keep([SimpleUploadedFile("a.zip", parts(real_photos))])
    job = job_create(photo_uploads.KIND, {"dataset": "d", "upload": token})
    site.worker()
    for n in (15, 60):
        assert wait_until(lambda n=n: Photo.objects.count() > n, seconds=60)
        os.kill(int(Job.objects.get(pk=job.pk).worker.split("/")[2]), signal.SIGKILL)
    ends(site, job, seconds=150)
    assert job.attempt == 3
    total = PARTS * len(real_photos)
    assert [job.result[name] for name in ("imported", "known", "refused")] == [total, 0, 0]
    assert (Photo.objects.count(), job.done, job.total) == (total, total, total)
    # A kill between a file and its row leaves the file, and the next attempt removes it.
    assert files() - before == set(Photo.objects.values_list("file", flat=True))
    assert not default_storage.exists(f"uploads/{token}")


@pytest.mark.slow
def test_a_kill_between_a_file_and_its_row_leaves_nothing_once_the_import_went_on(
    site: Site, real_photos: list[Path]
):
    before = files()
    token = photo_uploads.upload_keep([SimpleUploadedFile("a.zip", parts(real_photos))])
    job = job_create(photo_uploads.KIND, {"dataset": "d", "upload": token})
    site.worker()
    for n in (10, 40):
        assert wait_until(lambda n=n: Photo.objects.count() > n, seconds=60)
        with transaction.atomic():
            # The worker stores its next file, and waits for us before it writes the row.
            worker = Job.objects.select_for_update().get(pk=job.pk).worker
            rows = Photo.objects.count()
            assert wait_until(lambda rows=rows: len(files() - before) > rows, seconds=10)
            os.kill(int(worker.split("/")[2]), signal.SIGKILL)
        left = files() - before - set(Photo.objects.values_list("file", flat=True))
        assert len(left) == 1
    ends(site, job, seconds=150)
    assert (job.attempt, job.result["imported"]) == (3, PARTS * len(real_photos))
    assert files() - before == set(Photo.objects.values_list("file", flat=True))
    assert not files() & left
    assert job.log.count("had left half done: 1") == 2
