"""The report of an import: who reads it, its pages, what can be done from it."""

import csv
import io
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from models_app.models import ImportedFile, Job, Photo
from models_app.services.jobs import job_cancel
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
