"""A worker that is killed in the middle of an import: nothing is lost, nothing is there twice."""

import io
import os
import signal
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from config.backups.files import names_list
from models_app.imaging import open_photo
from models_app.models import Job, Photo
from models_app.services import photo_uploads
from models_app.services.jobs import job_create
from tests.config.conftest import wait_until
from tests.faults.conftest import Site, ends
from tests.models_app.zips import zip_of

pytestmark = pytest.mark.timeout(240)
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


@pytest.mark.slow
def test_imports_of_killed_workers_go_on_without_losing_or_doubling_a_photo(
    site: Site, real_photos: list[Path]
):
    before = set(names_list(default_storage))
    token = photo_uploads.upload_keep([SimpleUploadedFile("a.zip", parts(real_photos))])
    job = job_create(photo_uploads.KIND, {"dataset": "d", "upload": token})
    site.worker()
    for n in (15, 60):
        assert wait_until(lambda n=n: Photo.objects.count() > n, seconds=60)
        os.kill(int(Job.objects.get(pk=job.pk).worker.split("/")[2]), signal.SIGKILL)
    ends(site, job)
    assert job.attempt == 3
    total = PARTS * len(real_photos)
    assert [job.result[name] for name in ("imported", "known", "refused")] == [total, 0, 0]
    assert (Photo.objects.count(), job.done, job.total) == (total, total, total)
    stored = {name for name in set(names_list(default_storage)) - before if "photos/" in name}
    named = set(Photo.objects.values_list("file", flat=True))
    # A kill between a file and its row leaves the file, never a row without one.
    assert named <= stored
    assert len(stored - named) <= 2
    assert not default_storage.exists(f"uploads/{token}")
