"""Adding photos on the dashboard: who may, what is refused before a worker sees it, the report."""

import io
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from models_app.files import files_below
from models_app.models import Dataset, Job, Photo
from survey.models import AuditEntry
from tests.jobs import work_all
from tests.models_app.dashboard.photo_adding import add, report
from tests.models_app.zips import zip_of, zip_photos

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def incoming(settings, tmp_path: Path) -> Path:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    return tmp_path


@pytest.fixture
def archive(real_photos: list[Path]) -> bytes:
    return zip_photos(real_photos[:3], "my photos/")


def waiting() -> set[str]:
    return set(files_below("uploads"))


def test_a_zip_becomes_a_dataset_with_a_report(manager: Client, archive: bytes, incoming: Path):
    before = waiting()
    answer = add(manager, ("my.zip", archive), **{"option-licence": "CC0"})
    job = Job.objects.get()
    assert answer["Location"] == report(job)
    # On the disk while it came in, moved from there.
    assert not list(incoming.iterdir())
    assert len(waiting() - before) == 1
    entry = AuditEntry.objects.get(action="job.launch")
    assert (entry.actor_name, entry.detail["config"]["dataset"]) == ("mia", "New")
    running = manager.get(report(job)).content.decode()
    assert "queued" in running
    assert "photo-import.js" in running
    work_all()
    assert waiting() == before
    page = manager.get(report(job)).content.decode()
    assert "photo-import.js" not in page
    dataset = Dataset.objects.get(name="New")
    assert reverse("models_dashboard:dataset", args=[dataset.pk]) in page
    assert "3 of these photos have no credit" in page
    assert dataset.photos.filter(licence="CC0").count() == 3
    photo = dataset.photos.first()
    shown = manager.get(reverse("models_dashboard:dataset_photo", args=[photo.pk]))
    assert "Licence: CC0" in shown.content.decode()


def test_a_script_is_answered_with_the_address(admin: Client, archive: bytes):
    data = {"option-dataset": "d", "files": SimpleUploadedFile("a.zip", archive)}
    url = reverse("models_dashboard:photos_add")
    answer = admin.post(url, data, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()) == (201, {"url": report(Job.objects.get())})


def test_single_photos_are_taken_too(admin: Client, real_photos: list[Path]):
    table = b"photo,credit\nastronaut.png,NASA\n"
    files = [(path.name, path.read_bytes()) for path in real_photos[:2]]
    add(admin, *files, credits=table)
    job = Job.objects.get()
    assert job.config["source"] == "2 photos"
    work_all()
    assert dict(Photo.objects.values_list("name", "credit")) == {
        "astronaut.png": "NASA",
        "chelsea.png": "",
    }


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("photos.zip", b"", "The file is no zip"),
        ("photos.zip", b"Rar!" * 100, "The file is no zip, or a damaged one"),
        ("photos.zip", zip_of([("a.txt", b"x")]), "no photo that can be taken. a.txt: it is no"),
        ("photos.zip", zip_of([("../a.jpg", b"x")]), "no photo that can be taken. ../a.jpg: its"),
        ("photos.zip", zip_of([]), "no photo that can be taken."),
        ("photos.rar", b"x", "photos.rar is no zip and no photo by its name"),
        ("page.svg", b"<svg/>", "page.svg is no zip and no photo by its name"),
        (
            "photos.zip",
            zip_of([("a.jpg", b"x"), ("credits.csv", b"photo,credit\n,Ada\n")]),
            "credits.csv in the archive: Row 2, column photo: it is empty",
        ),
    ],
)
def test_what_no_worker_can_use_is_refused_at_once(
    admin: Client, incoming: Path, name: str, content: bytes, said: str
):
    before = waiting()
    answer = add(admin, (name, content))
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Job.objects.exists()
    assert waiting() == before
    assert not list(incoming.iterdir())


@pytest.mark.parametrize(
    ("credits", "said"),
    [
        (b"photo,credit\na.jpg," + b"x" * 300, "Row 2, column credit: it has 300 letters"),
        (b"a,b\n1,2\n", "it must name a column photo"),
        (b"\xff\xfe", "is no UTF-8 text"),
    ],
)
def test_a_wrong_table_is_refused_with_row_and_column(
    admin: Client, archive: bytes, credits: bytes, said: str
):
    before = waiting()
    answer = add(admin, ("my.zip", archive), credits=credits)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert said in page
    assert 'id="credits-error"' in page
    # What was typed stays.
    assert 'value="New"' in page
    assert waiting() == before
    assert not Job.objects.exists()


def test_files_that_do_not_go_together_are_refused(admin: Client, archive: bytes):
    for files in ([("a.zip", archive), ("b.zip", archive)], [("a.zip", archive), ("a.jpg", b"x")]):
        assert "Choose one zip, or photos" in add(admin, *files).content.decode()
    same = [("a.jpg", b"x"), ("A.JPG", b"x")]
    assert "Two of the photos have the same name" in add(admin, *same).content.decode()
    many = add(admin, *((f"{n}.jpg", b"x") for n in range(101)))
    assert many.status_code == 400
    assert "There are more than 99 files; pack them as one zip." in many.content.decode()
    assert not Job.objects.exists()


def test_what_is_too_large_is_refused_before_it_is_read(
    admin: Client, archive: bytes, settings, monkeypatch
):
    url = reverse("models_dashboard:photos_add")

    class Unread(io.BytesIO):
        def read(self, *_sizes: int) -> bytes:
            raise AssertionError("the body was read")

    def sent(length: int):
        return admin.generic(
            "POST", url, content_type="multipart/form-data; boundary=x",
            **{"wsgi.input": Unread(), "CONTENT_LENGTH": str(length)},
        )  # fmt: skip

    settings.PHOTO_IMPORT_MAX_BYTES = 1_000_000
    answer = sent(30_000_000)
    assert answer.status_code == 413
    assert "The upload has 30 MB; allowed are 1 MB" in answer.content.decode()
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(9, 9, 1_000_000))
    answer = sent(900_000)
    assert answer.status_code == 507
    assert "disk has 1 MB left" in answer.content.decode()


def test_a_broken_upload_leaves_nothing(admin: Client, archive: bytes, incoming: Path):
    before = waiting()
    head = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.zip"\r\n'
        b"Content-Type: application/zip\r\n\r\n"
    )

    class Broken(io.BytesIO):
        def read(self, *sizes: int) -> bytes:
            found = super().read(*sizes)
            if not found:
                raise OSError("connection reset")
            return found

    body = head + archive
    answer = admin.generic(
        "POST", reverse("models_dashboard:photos_add"),
        content_type="multipart/form-data; boundary=x",
        **{"wsgi.input": Broken(body), "CONTENT_LENGTH": str(len(body) + 5000)},
    )  # fmt: skip
    assert answer.status_code >= 400
    assert not list(incoming.iterdir())
    assert waiting() == before
    assert not Job.objects.exists()


def test_only_admins_may_add_and_a_forged_form_adds_nothing(
    admin: Client, analyst: Client, outsider: Client, archive: bytes
):
    url, before = reverse("models_dashboard:photos_add"), waiting()
    for client in (analyst, outsider):
        assert add(client, ("a.zip", archive)).status_code == 403
        assert client.get(url).status_code == 403
    assert add(Client(), ("a.zip", archive)).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin.cookies
    assert add(strict, ("a.zip", archive)).status_code == 403
    assert not Job.objects.exists()
    assert waiting() == before
    page = reverse("models_dashboard:datasets")
    assert url in admin.get(page).content.decode()
    assert url not in analyst.get(page).content.decode()
