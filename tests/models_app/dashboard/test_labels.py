"""Pages of label sets: the list, one, its files, deleting one."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from models_app.labels.registry import importer_get
from models_app.models import Dataset, Job, Label, LabelSet, Photo, Study, StudyPart
from models_app.selectors import labels as selectors
from models_app.services.datasets import photos_import
from models_app.services.labels import labels_import
from models_app.services.releases import release_write
from survey.models import AuditEntry
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


def text(client: Client, name: str, *arguments: object) -> str:
    response = client.get(reverse(f"models_dashboard:{name}", args=arguments))
    assert response.status_code == 200
    return b"".join(response).decode() if response.streaming else response.content.decode()


def test_an_empty_list_says_what_to_do(admin: Client, analyst: Client):
    page = text(admin, "labels")
    assert "There are no labels yet." in page
    assert "manage.py import_labels KIND --labels FILE" in page
    assert reverse("models_dashboard:label_import") in page
    assert "An admin imports them" in text(analyst, "labels")


def test_the_list_costs_the_same_however_many_sets_there_are(
    admin: Client, ava: Path, label_set: LabelSet, django_assert_num_queries
):
    labels_import("ava", ava, name="Drawn", is_generated=True)
    # session, user; sets, labels, splits
    with django_assert_num_queries(5):
        page = text(admin, "labels")
    assert "AVA ten" in page
    assert "generated images" in page


def test_one_set_shows_its_figures_and_what_was_found(
    admin: Client, label_set: LabelSet, django_assert_num_queries
):
    # session, user; set, figures, parts, histogram, both ends, splits; evaluations, jobs, studies
    with django_assert_num_queries(12):
        page = text(admin, "label_set", label_set.pk)
    for said in ("AVA ten", "1–10", "AVA.txt", label_set.source_sha256, "5.50", "Lowest means"):
        assert said in page
    # Ten labels in ten bars of their own.
    assert page.count("<rect ") == 10
    assert "it has 4 columns; expected are 15" in page
    assert "104" in page
    assert "generated images" not in page


def test_lines_that_are_no_labels_are_told_at_the_top(
    admin: Client, images: Path, label_set: LabelSet, tmp_path: Path
):
    page = text(admin, "label_set", label_set.pk)
    said = "1 line of the file is no label and was left out."
    assert page.index(said) < page.index("At a glance")
    # Not the name, which may be anything: the line and what is wrong with it.
    assert "<summary>line 11: it has 4 columns; expected are 15</summary>" in page
    assert "a training needs one, and an evaluation judges its parts or all images." in page
    good = tmp_path / "good.txt"
    good.write_text(AVA)
    made = labels_import("ava", good, name="Good").label_set
    assert made is not None
    assert 'class="warning"' not in text(admin, "label_set", made.pk)


def test_a_dataset_of_a_generated_set_is_marked_wherever_it_is_shown(
    admin: Client, ava: Path, images: Path
):
    made = labels_import("ava", ava, name="Drawn", images=images, is_generated=True).label_set
    photos_import("Real", {images / "101.jpg": "101.jpg"})
    assert made is not None
    drawn, real = Dataset.objects.get(name="Drawn"), Dataset.objects.get(name="Real")
    assert text(admin, "datasets").count("generated images") == 1
    for dataset, n in ((drawn, 1), (real, 0)):
        photo = dataset.photos.first()
        for name, key in (
            ("dataset", dataset.pk), ("dataset_release", dataset.pk), ("dataset_photo", photo.pk)
        ):  # fmt: skip
            assert text(admin, name, key).count("generated images") == n
        out = io.BytesIO()
        release_write(dataset, out)
        readme = zipfile.ZipFile(out).read("README.txt").decode()
        assert readme.count("GENERATED IMAGES: drawn by a program") == n


def test_a_generated_set_is_marked(admin: Client, ava: Path):
    made = labels_import("ava", ava, name="Drawn", is_generated=True).label_set
    assert made is not None
    page = text(admin, "label_set", made.pk)
    assert "checks the plumbing and nothing else" in page
    assert "No images were looked for." in page


def test_the_labels_file_is_read_again_by_the_general_importer(
    admin: Client, label_set: LabelSet, tmp_path: Path
):
    path = tmp_path / "again.csv"
    path.write_text(text(admin, "label_table", label_set.pk))
    again = importer_get("generic").read(path, {})
    assert [(r.name, r.distribution, r.part) for r in again.rows] == [
        (label.name, tuple(label.distribution), label.part)
        for label in selectors.labels_of(label_set)
    ]


def test_the_file_of_findings_has_every_name(admin: Client, label_set: LabelSet):
    rows = list(csv.DictReader(io.StringIO(text(admin, "label_findings", label_set.pk))))
    missing = [row["name"] for row in rows if row["finding"] == "missing"]
    assert missing == [f"{n}" for n in range(104, 111)]
    assert [row["line"] for row in rows if row["finding"] == "malformed"] == ["11"]


def test_names_that_the_row_did_not_keep_come_from_the_labels(admin: Client, label_set: LabelSet):
    label_set.report["names"]["missing"] = label_set.report["names"]["missing"][:1]
    label_set.save(update_fields=["report"])
    rows = list(csv.DictReader(io.StringIO(text(admin, "label_findings", label_set.pk))))
    assert [row["name"] for row in rows if row["finding"] == "missing"] == [
        f"{n}" for n in range(104, 111)
    ]


@pytest.mark.parametrize("name", ["label_set", "label_table", "label_findings"])
def test_a_set_that_is_not_there_is_404(admin: Client, name: str):
    assert admin.get(reverse(f"models_dashboard:{name}", args=[9999])).status_code == 404


def test_who_may_see_and_who_may_import(analyst: Client, outsider: Client, label_set: LabelSet):
    page, form = reverse("models_dashboard:labels"), reverse("models_dashboard:label_import")
    assert outsider.get(page).status_code == 403
    assert analyst.get(form).status_code == 403
    assert analyst.post(form, {}).status_code == 403
    assert Client().get(page).status_code == 302


def test_a_set_that_nothing_refers_to_is_deleted_without_its_photos(
    manager: Client, analyst: Client, label_set: LabelSet
):
    address = reverse("models_dashboard:label_delete", args=[label_set.pk])
    assert analyst.post(address).status_code == 403
    assert manager.get(address).status_code == 405
    assert manager.post(address)["Location"] == reverse("models_dashboard:labels")
    assert not LabelSet.objects.exists()
    assert not Label.objects.exists()
    assert Photo.objects.count() == 3
    assert AuditEntry.objects.get(action="labels.delete").actor_name == "mia"


def test_a_set_that_a_job_or_a_study_refers_to_stays(admin: Client, label_set: LabelSet):
    study = Study.objects.create(name="Table 2", kind="table2", config={})
    StudyPart.objects.create(
        study=study, key="a", kind="evaluate", config={"label_set": "AVA ten"}, order=0
    )
    now = timezone.now()
    times = dict.fromkeys(["created_at", "queued_at", "sent_at"], now)
    config = {"label_set": "AVA ten"}
    job = Job.objects.create(kind="evaluate", label="x", config=config, **times)
    answer = admin.post(reverse("models_dashboard:label_delete", args=[label_set.pk]), follow=True)
    said = answer.content.decode()
    assert f"cannot be deleted: job {job.pk}, study Table 2 refer to it" in said
    assert LabelSet.objects.get().labels.count() == 10
