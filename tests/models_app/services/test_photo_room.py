"""A disk that is too small for an archive, or that fills up while its photos come in."""

import io
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from pytest_django import Settings

from config import env
from models_app.errors import JobInvalid
from models_app.files import files_below
from models_app.models import Dataset, Job, Photo
from models_app.services import photo_uploads
from models_app.services.jobs import job_create, job_resume
from models_app.services.photo_room import KEPT_FREE
from tests.jobs import work_all
from tests.models_app.zips import zip_photos

pytestmark = pytest.mark.django_db
Usage = namedtuple("Usage", "total used free")


class Disk:
    """Bytes that it has beside those kept free, and whether the first photo takes nearly all."""

    def __init__(self) -> None:
        self.left = 10_000_000_000
        self.fills_up = False

    def usage(self, folder: Path) -> Usage:
        assert Path(folder).is_dir()
        full = self.fills_up and Photo.objects.exists()
        return Usage(0, 0, KEPT_FREE + (1000 if full else self.left))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(shutil, "disk_usage", made.usage)
    return made


@pytest.fixture(autouse=True)
def own_folder(settings: Settings, tmp_path: Path) -> None:
    """Photos go to a folder, also where the other tests' go to a bucket, which has no disk."""
    folder = {"BACKEND": env.LOCAL_STORAGE, "OPTIONS": {"location": tmp_path / "media"}}
    settings.STORAGES = {**settings.STORAGES, "default": folder}


def waiting() -> list[str]:
    return list(files_below("uploads"))


def keep(archive: bytes) -> str:
    return photo_uploads.upload_keep([SimpleUploadedFile("my.zip", archive)])


def test_what_the_disk_cannot_take_is_refused_before_anything_is_kept(
    real_photos: list[Path], disk: Disk
):
    photos = real_photos[:3]
    disk.left = sum(path.stat().st_size for path in photos) - 1
    with pytest.raises(JobInvalid, match="of which 200 MB stay free") as caught:
        keep(zip_photos(photos))
    assert caught.value.field == "files"
    assert not waiting()
    disk.left += 1
    assert keep(zip_photos(photos))
    assert len(waiting()) == 1


def test_a_disk_that_fills_up_ends_the_job_and_it_goes_on_later(
    real_photos: list[Path], disk: Disk
):
    token = keep(zip_photos(real_photos[:3]))
    job = job_create(photo_uploads.KIND, {"dataset": "d", "upload": token})
    disk.fills_up = True
    work_all()
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "go on with the import; what was imported stays" in job.error
    assert Photo.objects.count() == 1
    assert waiting()
    disk.fills_up = False
    job_resume(job)
    work_all()
    job.refresh_from_db()
    assert (job.state, job.result["imported"]) == (Job.State.SUCCEEDED, 3)
    assert not waiting()


def test_the_command_says_what_is_in_and_goes_on(
    real_photos: list[Path], disk: Disk, tmp_path: Path
):
    path = tmp_path / "my.zip"
    path.write_bytes(zip_photos(real_photos[:3]))
    disk.left = 1000
    with pytest.raises(CommandError, match="The photos of the archive have"):
        call_command("import_photos", path, dataset="d")
    assert not Dataset.objects.exists()
    disk.left, disk.fills_up = 10_000_000_000, True
    out = io.StringIO()
    with pytest.raises(CommandError, match="what was imported stays"):
        call_command("import_photos", path, dataset="d", stdout=out, stderr=io.StringIO())
    assert "1 files: 1 imported" in out.getvalue()
    # Room for the rest only: what is there needs none again.
    disk.left, disk.fills_up = sum(each.stat().st_size for each in real_photos[1:3]), False
    out = io.StringIO()
    call_command("import_photos", path, dataset="d", stdout=out, stderr=io.StringIO())
    assert "2 imported, 1 known already" in out.getvalue()
    disk.left = -1
    call_command("import_photos", path, dataset="d", stdout=out, stderr=io.StringIO())
    assert "0 imported, 3 known already" in out.getvalue()
