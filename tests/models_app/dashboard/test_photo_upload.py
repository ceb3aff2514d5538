"""Adding photos on the dashboard: who may, what is refused before a worker sees it, the report."""

import csv
import io
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from config.backups.files import names_list
from models_app.models import Dataset, ImportedFile, Job, Photo
from models_app.services.jobs import job_cancel
from survey.models import AuditEntry
from tests.jobs import work_all
from tests.models_app.zips import zip_of, zip_photos

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def incoming(settings, tmp_path: Path) -> Path:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    return tmp_path


@pytest.fixture
def archive(real_photos: list[Path]) -> bytes:
    return zip_photos(real_photos[:3], "my photos/")


def add(client: Client, *files: tuple[str, bytes], credits: bytes = b"", **fields: str):
    data: dict[str, object] = {"option-dataset": "New", **fields}
    data["files"] = [SimpleUploadedFile(name, content) for name, content in files]
    if credits:
        data["credits"] = SimpleUploadedFile("credits.csv", credits)
    headers = {"Accept": "text/html"}
    return client.post(reverse("models_dashboard:photos_add"), data, headers=headers)


def waiting() -> set[str]:
    return {name for name in names_list(default_storage) if name.startswith("uploads/")}


def report(job: Job) -> str:
    return reverse("models_dashboard:job_results_import_photos", args=[job.pk])


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


def test_the_report_names_each_file_and_downloads(admin: Client, real_photos: list[Path]):
    name = "=cmd|' /C calc'!A0.txt"
    files = [("<b>a</b>.png", real_photos[0].read_bytes()), (name, b"x"), ("../up.jpg", b"x")]
    add(admin, ("my.zip", zip_of(files)), **{"option-credit": "=1+1"})
    work_all()
    job = Job.objects.get()
    page = admin.get(report(job)).content.decode()
    # First what somebody has to look at.
    assert "../up.jpg" in page
    assert "&lt;b&gt;" not in page
    everything = admin.get(report(job), {"outcome": "all"}).content.decode()
    assert "&lt;b&gt;a&lt;/b&gt;.png" in everything
    assert "<b>a" not in everything
    assert "../up.jpg" not in admin.get(report(job), {"outcome": "imported"}).content.decode()
    answer = admin.get(reverse("models_dashboard:photo_import_report", args=[job.pk]))
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert [row["file"] for row in rows] == ["<b>a</b>.png", f"'{name}", "../up.jpg"]
    assert (rows[0]["outcome"], rows[0]["credit"]) == ("imported", "'=1+1")
    assert "leads out of the archive" in rows[2]["reason"]


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


def test_analysts_read_reports_and_others_do_not(
    admin: Client, analyst: Client, outsider: Client, archive: bytes
):
    add(admin, ("a.zip", archive))
    work_all()
    job = Job.objects.get()
    for name in ("job_results_import_photos", "photo_import_live", "photo_import_report"):
        url = reverse(f"models_dashboard:{name}", args=[job.pk])
        assert analyst.get(url).status_code == 200
        assert outsider.get(url).status_code == 403
        assert Client().get(url).status_code == 302
        assert analyst.get(url.replace(str(job.pk), "999")).status_code == 404
    other = Job.objects.create(
        kind="pretrain", created_at=job.created_at, queued_at=job.queued_at, sent_at=job.sent_at
    )
    assert analyst.get(report(other)).status_code == 404


def test_a_long_report_has_pages_and_costs_the_same(
    admin: Client, archive: bytes, django_assert_num_queries
):
    add(admin, ("a.zip", archive))
    work_all()
    job = Job.objects.get()
    ImportedFile.objects.bulk_create(
        ImportedFile(job=job, place=10 + n, name=f"{n:04}.txt", outcome="refused", reason="no")
        for n in range(250)
    )
    # Session, person, the job, counts, the database's clock, rows counted, rows, uncredited.
    with django_assert_num_queries(8):
        page = admin.get(report(job), {"outcome": "refused", "page": "3"}).content.decode()
    assert "0249.txt" in page
    assert "0199.txt" not in page
    assert "3 of 3" in page
    for odd in ("0", "99", "x", "-1"):
        assert admin.get(report(job), {"page": odd, "outcome": "no'thing"}).status_code == 200


def test_a_cancelled_import_can_be_resumed_from_its_page(
    admin: Client, analyst: Client, archive: bytes
):
    add(admin, ("a.zip", archive))
    job = Job.objects.get()
    job_cancel(job)
    resume = reverse("models_dashboard:job_resume", args=[job.pk])
    page = admin.get(report(job)).content.decode()
    assert resume in page
    assert "What was imported stays." in page
    assert resume not in analyst.get(report(job)).content.decode()
    admin.post(resume)
    work_all()
    assert Photo.objects.count() == 3


def test_a_failed_import_leads_back_to_the_form_as_it_was(admin: Client, archive: bytes):
    add(admin, ("a.zip", archive), **{"option-credit": "A & B"})
    job = Job.objects.get()
    name = f"uploads/{job.config['upload']}"
    default_storage.delete(name)
    default_storage.save(name, SimpleUploadedFile("x", b"no zip"))
    work_all()
    for url in (report(job), reverse("models_dashboard:job", args=[job.pk])):
        page = admin.get(url).content.decode()
        assert "The file was not kept: import it again." in page
        again = f"{reverse('models_dashboard:photos_add')}?option-dataset=New&amp;option-credit=A"
        assert again in page
    form = admin.get(
        reverse("models_dashboard:photos_add"),
        {"option-dataset": "New", "option-credit": "A & B"},
    )
    assert 'value="A &amp; B"' in form.content.decode()
