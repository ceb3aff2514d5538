"""Imports that are interrupted, killed or given up: they go on, and leave nothing behind."""

import shutil
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from models_app.errors import JobHandedBack, JobStopped
from models_app.files import files_below
from models_app.jobs.context import Context
from models_app.jobs.runner import work_next
from models_app.models import ImportedFile, Job, Photo
from models_app.services import photo_archives, photo_uploads
from models_app.services.jobs import job_cancel, job_delete, job_resume
from models_app.services.leases import jobs_reconcile
from tests.jobs import work_all, workers_die
from tests.models_app.jobs.importing import finished, launch, outcomes, waiting
from tests.models_app.zips import zip_of, zip_photos

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_waits():
    """Other tests leave files behind: their storage is not undone as their rows are."""
    for name in waiting():
        default_storage.delete(name)


def test_a_killed_worker_goes_on_without_importing_twice(real_photos: list[Path], monkeypatch):
    photos = [(f"x/{path.name}", path.read_bytes()) for path in real_photos[:4]]
    job = launch(zip_of([("../first.png", b"x"), *photos]))
    looked: list[int] = []
    real = photo_archives.photo_look

    def look(content: bytes, known):
        looked.append(len(content))
        if len(looked) == 3:
            # As a kill -9: nothing is written any more, the lease grows old.
            raise KeyboardInterrupt
        return real(content, known)

    monkeypatch.setattr(photo_archives, "photo_look", look)
    with pytest.raises(KeyboardInterrupt):
        work_next("cpu", beating=False)
    assert Photo.objects.count() == 2
    assert waiting()
    workers_die(job)
    jobs_reconcile()
    finished(job)
    assert (job.state, job.error) == (Job.State.SUCCEEDED, "")
    # The third was looked at twice, none of the others.
    assert len(looked) == 5
    assert job.result["imported"] == 4
    assert job.result["refused"] == 1
    assert (job.done, job.total) == (5, 5)
    assert set(Photo.objects.values_list("file", flat=True)) <= set(files_below("photos"))
    assert not waiting()


def interrupt_once(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Interrupt a job after its first file."""

    def check(_context: Context, *, yielding: bool = True) -> None:
        monkeypatch.undo()
        raise error

    monkeypatch.setattr(Context, "check", check)


def test_a_duplicate_is_one_also_after_a_restart(real_photos: list[Path], monkeypatch):
    same = real_photos[2].read_bytes()
    job = launch(zip_of([("a.png", same), ("b.png", same)]))
    interrupt_once(monkeypatch, JobHandedBack("more urgent work waits"))
    assert work_all() == 2
    job.refresh_from_db()
    assert outcomes(job) == {
        "a.png": ("imported", ""),
        "b.png": ("refused", "it is a duplicate of a.png: the same picture, taken already"),
    }
    assert job.result["imported"] == 1


def test_a_cancelled_import_keeps_what_is_in_and_its_archive(real_photos: list[Path], monkeypatch):
    job = launch(zip_photos(real_photos[:3]))
    interrupt_once(monkeypatch, JobStopped("somebody cancelled it"))
    finished(job)
    assert job.state == Job.State.CANCELLED
    assert Photo.objects.count() == 1
    assert waiting()
    job_resume(job)
    finished(job)
    assert (job.state, job.result["imported"]) == (Job.State.SUCCEEDED, 3)
    assert not waiting()


def test_an_attempt_that_dies_at_the_very_end_has_nothing_to_do_again(
    real_photos: list[Path], monkeypatch
):
    job = launch(zip_photos(real_photos[:1]))

    def down(_token: str) -> None:
        real(_token)
        monkeypatch.undo()
        raise JobHandedBack("the worker goes down")

    real = photo_uploads.upload_delete
    monkeypatch.setattr(photo_uploads, "upload_delete", down)
    assert work_all() == 2
    job.refresh_from_db()
    assert (job.state, job.result["imported"]) == (Job.State.SUCCEEDED, 1)


def test_deleting_the_job_deletes_what_still_waits(real_photos: list[Path]):
    job = launch(zip_photos(real_photos[:1]))
    job_cancel(job)
    job.refresh_from_db()
    job_delete(job)
    assert not waiting()
    assert not ImportedFile.objects.exists()


def test_what_waited_a_week_in_vain_goes_unless_a_job_waits_too(
    real_photos: list[Path], tmp_path: Path, settings, monkeypatch
):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    shutil.copy(real_photos[3], tmp_path / "broken.upload.zip")
    archive, table = zip_photos(real_photos[:1]), f"photo,credit\n{real_photos[0].name},Ada\n"
    job = launch(archive, table)
    lost = photo_uploads.upload_keep([SimpleUploadedFile("b.zip", archive)])
    assert photo_uploads.uploads_clean() == 0
    monkeypatch.setattr(photo_uploads, "KEPT", -photo_uploads.KEPT)
    monkeypatch.setattr(photo_uploads, "INCOMING_KEPT_S", -60)
    assert photo_uploads.uploads_clean() == 2
    assert not default_storage.exists(f"uploads/{lost}")
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    assert finished(job).state == Job.State.SUCCEEDED
    assert Photo.objects.get().credit == "Ada"
