"""Importing uploaded label files: the form, the job, and what is refused."""

import gzip
import html
import io
import re
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from models_app.errors import JobHandedBack
from models_app.jobs.kinds.import_labels import ImportLabels
from models_app.models import Dataset, Job, Label, LabelSet
from models_app.services import label_uploads
from models_app.services.datasets import photos_import
from tests.jobs import work_all
from tests.models_app.dashboard.label_rows import AVA, ava_write, images_make, label_set_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ava(tmp_path: Path) -> Path:
    return ava_write(tmp_path)


@pytest.fixture
def images(tmp_path: Path, real_photos: list[Path]) -> Path:
    return images_make(tmp_path, real_photos)


@pytest.fixture
def label_set(ava: Path, images: Path) -> LabelSet:
    return label_set_make(ava, images)


def waiting() -> list[str]:
    return default_storage.listdir("uploads")[1] if default_storage.exists("uploads") else []


class TestImport:
    def post(self, client: Client, files, **fields: str):
        data = {f"option-{name}": value for name, value in fields.items()}
        uploads = [SimpleUploadedFile(name, content) for name, content in files]
        return client.post(reverse("models_dashboard:label_import"), {**data, "files": uploads})

    def test_a_form_says_which_files_a_kind_wants(self, admin: Client):
        url = reverse("models_dashboard:label_import")
        page = admin.get(url, {"kind": "generic"}).content.decode()
        assert "a table with a header" in page
        assert "first_bin" in page
        for kind in ("cuhk_pq", "ava_lists", "eva"):
            assert "multipart" not in admin.get(url, {"kind": kind}).content.decode()

    def test_uploaded_labels_become_a_set_for_the_photos_of_a_dataset(
        self, admin: Client, images: Path
    ):
        photos_import("Mine", {path: path.name for path in images.iterdir()})
        answer = self.post(
            admin, [("AVA.txt", AVA.encode()), ("tags.txt", b"1 Abstract\n")],
            kind="ava", name="From the web", dataset="Mine",
        )  # fmt: skip
        job = Job.objects.get()
        assert answer["Location"] == reverse("models_dashboard:job", args=[job.pk])
        work_all()
        job.refresh_from_db()
        assert (job.state, job.error) == (Job.State.SUCCEEDED, "")
        made = LabelSet.objects.get()
        assert (made.name, made.source, made.dataset.name) == ("From the web", "AVA.txt", "Mine")
        assert made.created_by == "ada"
        assert Label.objects.exclude(photo=None).count() == 3
        assert made.labels.get(name="101").attributes["tags"] == ["Abstract", "22"]
        assert (job.result["rows"], job.result["found"]) == (10, 3)
        follow = admin.get(reverse("models_dashboard:job_results_import_labels", args=[job.pk]))
        assert follow["Location"] == reverse("models_dashboard:label_set", args=[made.pk])
        # The waiting files are gone.
        assert not default_storage.exists(f"uploads/{job.config['files']}")

    def test_a_second_attempt_finds_what_the_first_one_stored(self, admin: Client, monkeypatch):
        self.post(admin, [("AVA.txt", AVA.encode())], kind="ava", name="Twice")

        def down(_token: str) -> None:
            monkeypatch.undo()
            raise JobHandedBack("the worker goes down")

        monkeypatch.setattr(label_uploads, "uploads_delete", down)
        assert work_all() == 2
        job = Job.objects.get()
        assert (job.state, job.error) == (Job.State.SUCCEEDED, "")
        assert job.result["label_set"] == LabelSet.objects.get().pk

    def test_options_reach_the_importer(self, admin: Client):
        content = b"photo;opinion\na.jpg;3\n"
        options = "name=photo; mean=opinion; low=1; high=5"
        self.post(admin, [("a.csv", content)], kind="generic", name="Mine", options=options)
        work_all()
        assert LabelSet.objects.get().scale_high == 5

    def test_a_file_that_is_none_fails_the_job_with_the_sentence(self, admin: Client):
        self.post(admin, [("AVA.txt", b"a letter\n")], kind="ava", name="A")
        job = Job.objects.get()
        work_all()
        job.refresh_from_db()
        assert job.state == Job.State.FAILED
        assert "has no label of this kind" in job.error
        assert not LabelSet.objects.exists()

    def test_a_failed_import_leads_back_to_the_form_as_it_was(self, admin: Client, images: Path):
        photos_import("Mine", {path: path.name for path in images.iterdir()})
        fields = {"kind": "ava", "name": "A & B", "dataset": "Mine", "options": "part=test"}
        self.post(admin, [("AVA.txt", b"a letter\n")], **fields, generated="true")
        work_all()
        job = Job.objects.get()
        page = admin.get(reverse("models_dashboard:job", args=[job.pk])).content.decode()
        assert "The file was not kept: import it again." in page
        assert reverse("models_dashboard:job_resume", args=[job.pk]) not in page
        (address,) = re.findall(r'<a href="([^"]*)">Import again</a>', page)
        form = admin.get(html.unescape(address)).content.decode()
        assert '<input type="hidden" name="option-kind" value="ava">' in form
        assert 'value="A &amp; B"' in form
        assert re.search(r'<option value="Mine"[^>]* selected', form)
        assert 'value="part=test"' in form
        assert re.search(r'id="option-generated"[^>]* checked', form)

    def test_means_without_a_scale_are_refused_in_the_form(self, admin: Client):
        means = gzip.compress("photo;opinion;pâté\na.jpg;3;1\n".encode())
        columns, before = "name=photo; mean=opinion", waiting()
        for options, said in (
            (columns, "the option low is"),
            (f"{columns}; low=5; high=1", "low must be the less"),
            ("low=1; high=5", "has no column of the image"),
        ):
            answer = self.post(
                admin, [("a.csv.gz", means)], kind="generic", name="Mine", options=options
            )
            assert answer.status_code == 400
            assert said in answer.content.decode()
        assert not Job.objects.exists()
        assert waiting() == before
        # Answers tell their own scale.
        self.post(admin, [("b.csv", b"image,b1,b2\na,3,4\n")], kind="generic", name="Answers")
        work_all()
        assert LabelSet.objects.get().scale_high == 2

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"kind": "ava", "name": ""}, "needed"),
            ({"kind": "ava", "name": "AVA ten"}, "There is a label set AVA ten already"),
            ({"kind": "ava", "name": "B", "options": "sd_file=/etc/passwd"}, "is no option of ava"),
            ({"kind": "ava", "name": "B", "options": "nonsense"}, "is no option of ava"),
            ({"kind": "ava_lists", "name": "B"}, "kind"),
            ({"kind": "ava", "name": "B", "dataset": "absent"}, "absent"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_waits(
        self, admin: Client, label_set: LabelSet, fields, said: str
    ):
        before = waiting()
        answer = self.post(admin, [("AVA.txt", AVA.encode())], **fields)
        assert answer.status_code == 400
        assert said in answer.content.decode()
        assert not Job.objects.exists()
        assert waiting() == before

    def test_no_file_is_said(self, admin: Client):
        answer = self.post(admin, [], kind="ava", name="A")
        assert answer.status_code == 400
        assert "Choose 1 to 8 label files" in answer.content.decode()

    def test_an_upload_that_is_too_large_is_refused_before_it_is_read(self, admin: Client):
        answer = admin.post(
            reverse("models_dashboard:label_import"), {}, CONTENT_LENGTH=str(10**10)
        )
        assert answer.status_code == 413
        assert "allowed are 100 MB" in answer.content.decode()

    def test_a_form_without_its_token_is_refused(self):
        from django.contrib.auth.models import User

        client = Client(enforce_csrf_checks=True)
        client.force_login(
            User.objects.create_superuser("bob", password="pw"),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        assert client.post(reverse("models_dashboard:label_import"), {}).status_code == 403


def test_names_of_uploads_cannot_leave_their_folder():
    token = label_uploads.uploads_keep(
        [("../../etc/passwd", io.BytesIO(b"a")), ("C:\\x\\train.csv", io.BytesIO(b"b"))]
    )
    with label_uploads.uploads_open(token) as paths:
        assert [(path.name, path.read_bytes()) for path in paths] == [
            ("passwd", b"a"),
            ("train.csv", b"b"),
        ]
        assert len({path.parent for path in paths}) == 1
    label_uploads.uploads_delete(token)
    assert not default_storage.exists(f"uploads/{token}")


def test_a_dataset_that_went_meanwhile_is_named(ava: Path):
    from models_app.errors import JobInvalid
    from models_app.jobs.kinds.import_labels import Config

    token = label_uploads.uploads_keep([("AVA.txt", io.BytesIO(ava.read_bytes()))])
    config = Config(name="A", kind="ava", files=token, dataset="gone")
    with pytest.raises(JobInvalid, match="There is no dataset gone"):
        ImportLabels().plan(config)
    assert not Dataset.objects.exists()
