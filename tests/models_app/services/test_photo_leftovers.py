"""What an import's killed attempts stored without a row goes; what anybody else stores stays."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from models_app.files import files_below
from models_app.jobs.runner import work_next
from models_app.models import Job, Photo
from models_app.services import photo_archives, photo_uploads
from models_app.services.jobs import job_clone, job_create
from models_app.services.leases import job_claim, jobs_reconcile
from models_app.services.photo_leftovers import attempt_folder, leftovers_remove
from tests.factories import file_read
from tests.jobs import work_all, workers_die
from tests.models_app.zips import zip_photos

pytestmark = pytest.mark.django_db


def launch(photos: list[Path]) -> Job:
    token = photo_uploads.upload_keep([SimpleUploadedFile("a.zip", zip_photos(photos))])
    return job_create(photo_uploads.KIND, {"dataset": "d", "upload": token})


def claimed() -> Job:
    job = job_claim("cpu", worker="here")
    assert job is not None
    return job


def die(job: Job) -> None:
    workers_die(job)
    jobs_reconcile()


def stored(job: Job) -> set[str]:
    return set(files_below(attempt_folder(job).rpartition("/")[0]))


def leave(job: Job) -> str:
    """Store a file as an attempt does just before it writes the row."""
    return default_storage.save(f"{attempt_folder(job)}/left.jpg", ContentFile(b"12345"))


def test_a_resumed_import_removes_what_killed_attempts_left(real_photos, monkeypatch):
    launch(real_photos[:3])
    real = photo_archives.photo_look

    def look(content: bytes, known):
        if Photo.objects.count() == 2:
            raise KeyboardInterrupt
        return real(content, known)

    monkeypatch.setattr(photo_archives, "photo_look", look)
    with pytest.raises(KeyboardInterrupt):
        work_next("cpu", beating=False)
    monkeypatch.undo()
    job = Job.objects.get()
    left = {leave(job)}
    die(job)
    # The second attempt dies as well, before its first row.
    second = claimed()
    left.add(leave(second))
    die(second)
    assert stored(job) == {*left, *Photo.objects.values_list("file", flat=True)}
    work_all()
    job.refresh_from_db()
    assert (job.state, job.result["imported"], job.attempt) == (Job.State.SUCCEEDED, 3, 3)
    assert "had left half done: 2" in job.log
    names = Photo.objects.values_list("file", flat=True)
    assert len(names) == 3
    assert stored(job) == set(names)
    assert {file_read(name) for name in names} == {path.read_bytes() for path in real_photos[:3]}


def test_an_import_that_nobody_killed_has_nothing_to_remove(real_photos):
    job = launch(real_photos[:2])
    work_all()
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED
    assert "half done" not in job.log
    assert stored(job) == set(Photo.objects.values_list("file", flat=True))


def test_what_an_attempt_or_another_job_has_just_stored_stays(real_photos):
    first = launch(real_photos[:1])
    # Two jobs of one upload, as a copy of a cancelled one is; both run.
    job_clone(first, {"dataset": "e"})
    running = [claimed(), claimed()]
    left = {leave(job) for job in running}
    left.add(default_storage.save("photos/left.jpg", ContentFile(b"12345")))
    for job in running:
        assert leftovers_remove(job) == 0
    assert all(default_storage.exists(name) for name in left)
    die(running[0])
    again = claimed()
    assert again.pk == running[0].pk
    assert leftovers_remove(again) == 1
    assert {name for name in left if not default_storage.exists(name)} == {
        f"{attempt_folder(running[0])}/left.jpg"
    }
