"""Disk use and clean-up: what goes, what stays, and that it is what was shown."""

import io
import os
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import CommandError, call_command
from django.test import Client

from models_app.models import ContactSheet, Dataset, Photo, Rendition
from models_app.services.cleanup import ORPHAN_AGE_S, clean_plan, clean_up, disk_use
from models_app.services.datasets import photos_import
from models_app.services.publish import publish, survey_make
from models_app.services.thumbnails import thumb_name, thumb_read
from survey.models import AuditEntry, Stimulus, Survey
from survey.services import upkeep
from survey.services.surveys import survey_close
from tests.people import Annotator

PAGE = "/dashboard/models/datasets/disk/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    """Nothing of another test lies in this storage, and its files can be made old."""
    folder = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "media"},
    }
    settings.STORAGES = {**settings.STORAGES, "default": folder}


@pytest.fixture
def dataset(db: None, real_photos) -> Dataset:
    photos_import("demo", {path: path.name for path in real_photos[:3]}, credits={})
    return Dataset.objects.get()


def rendered(slug: str, *, long_side: int = 640, dataset: str = "demo") -> Survey:
    """A survey of which originals and the contrast levels are rendered, from real photos."""
    source = survey_make(
        slug, title=slug, dataset=dataset, settings={"long_side": long_side, "trials": 2}
    )
    mine = Rendition.objects.filter(long_side=long_side, photo__dataset__name=dataset)
    mine.exclude(distortion__in=["original", "contrast"]).delete()
    for rendition in mine.select_related("photo").filter(state="pending"):
        content = thumb_read(rendition.photo, 320)
        rendition.file = default_storage.save("stimuli/r.jpg", ContentFile(content))
        rendition.state, rendition.bytes = "ready", len(content)
        rendition.width, rendition.height = 320, 200
        rendition.save()
    publish(source)
    return Survey.objects.get(slug=slug)


def old_file(name: str, content: bytes = b"12345", *, age_s: int = ORPHAN_AGE_S + 60) -> str:
    stored = default_storage.save(name, ContentFile(content))
    past = time.time() - age_s
    os.utime(default_storage.path(stored), (past, past))
    return stored


def files() -> set[str]:
    root = Path(default_storage.path(""))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def vote(survey: Survey) -> None:
    person = Annotator(survey)
    pair = person.pair()
    assert person.vote(pair["trials"][0]["token"]).status_code == 200


def test_a_clean_storage_has_nothing_to_clean(dataset: Dataset):
    rendered("study")
    assert clean_plan().is_empty
    assert clean_plan(dataset).is_empty


@pytest.mark.parametrize("state", ["draft", "open", "closed after a vote", "closed after a look"])
def test_pictures_that_a_survey_needs_stay(dataset: Dataset, state: str):
    survey = rendered("study")
    if state == "draft":
        Survey.objects.update(state="draft")
    if state == "closed after a vote":
        vote(survey)
    if state == "closed after a look":
        Annotator(survey).pair()
    if state.startswith("closed"):
        survey_close(survey)
    before = files()
    assert clean_plan(dataset).is_empty
    clean_up(clean_plan(), by=None)
    assert files() == before


def test_pictures_of_a_survey_closed_before_anybody_saw_a_pair_go(dataset: Dataset):
    kept = rendered("kept", long_side=512)
    gone = rendered("gone", long_side=640)
    survey_close(gone)
    before = files()
    plan = clean_plan(dataset)
    (group,) = plan.renditions
    mine = Rendition.objects.filter(long_side=640)
    assert (group.long_side, group.slugs, group.files) == (640, ("gone",), mine.count())
    assert plan.files == mine.count() == 3 * 11
    assert plan.bytes == sum(mine.values_list("bytes", flat=True)) > 10_000
    removed = set(mine.values_list("file", flat=True))
    done = clean_up(plan, by=None)
    assert (done.files, done.bytes, done.failed) == (plan.files, plan.bytes, 0)
    assert before - files() == removed
    assert not mine.exists()
    assert not Stimulus.objects.filter(survey=gone).exists()
    assert Stimulus.objects.filter(survey=kept).count() == 33
    assert all(default_storage.exists(name) for name in upkeep.picture_files())


def test_pictures_that_an_open_survey_shares_stay(dataset: Dataset):
    survey_close(rendered("closed"))
    rendered("opened")
    before = files()
    assert clean_plan(dataset).is_empty
    assert files() == before


def test_pictures_of_a_deleted_survey_go(dataset: Dataset):
    rendered("study").delete()
    plan = clean_plan(dataset)
    assert [group.slugs for group in plan.renditions] == [()]
    clean_up(plan, by=None)
    assert not Rendition.objects.exists()
    assert not [name for name in files() if name.startswith("stimuli/")]
    # The photos, and what shows them, stay.
    assert Photo.objects.count() == 3
    assert {name.split("/")[0] for name in files()} == {"photos", "thumbs"}


@pytest.mark.parametrize("change", ["opened", "shared", "voted"])
def test_what_is_needed_by_now_stays_whatever_was_planned(dataset: Dataset, change: str):
    survey = rendered("study")
    survey_close(survey)
    plan = clean_plan()
    assert plan.files == 33
    if change == "opened":
        Survey.objects.update(state="open")
    if change == "shared":
        rendered("another")
    if change == "voted":
        Survey.objects.update(state="open")
        survey.refresh_from_db()
        vote(survey)
        survey_close(survey)
    before = files()
    done = clean_up(plan, by=None)
    assert (done.files, done.bytes) == (0, 0)
    assert files() == before
    assert Rendition.objects.count() == 33


def test_files_that_nothing_names_go_once_they_are_old(dataset: Dataset):
    rendered("study")
    photo = dataset.photos.first()
    sheet = default_storage.save("sheets/s.jpg", ContentFile(b"sheet"))
    ContactSheet.objects.create(
        photo=photo, preset="pfister2021", version="1", asked_at="2026-01-01T00:00Z",
        state="ready", files={"contrast": sheet},
    )  # fmt: skip
    for name in files():
        past = time.time() - ORPHAN_AGE_S - 60
        os.utime(default_storage.path(name), (past, past))
    before = files()
    orphans = {
        old_file("stimuli/lost.jpg"), old_file("sheets/lost.jpg"),
        old_file(f"thumbs/ff/{'f' * 64}-320.jpg"), old_file("thumbs/odd.jpg"),
        # As a kill in the middle of an import leaves them: by the command, and by a worker.
        old_file("photos/lost.jpg"), old_file("photos/0f/7-a1/lost.jpg"),
    }  # fmt: skip
    young = old_file("stimuli/young.jpg", age_s=60), old_file("photos/young.jpg", age_s=60)
    elsewhere = old_file("jobs/1/artifact.csv")
    plan = clean_plan()
    assert {name for name, _size in plan.orphans} == orphans
    assert (plan.files, plan.bytes) == (6, 30)
    # Orphans belong to no dataset.
    assert clean_plan(dataset).is_empty
    clean_up(plan, by=None)
    assert files() == {*before, *young, elsewhere}


def test_a_thumbnail_is_measured_and_stays_while_its_photo_is_there(dataset: Dataset):
    photo = dataset.photos.first()
    size = len(thumb_read(photo, 320)) + len(thumb_read(photo, 960))
    use = disk_use()[dataset.pk]
    assert (use.thumbs.files, use.thumbs.bytes) == (2, size)
    assert (use.sheets.files, use.sheets.bytes) == (0, 0)
    name = thumb_name(photo.pixel_sha256, 320)
    past = time.time() - ORPHAN_AGE_S - 60
    os.utime(default_storage.path(name), (past, past))
    assert clean_plan().is_empty
    photo.delete()
    assert [orphan for orphan, _size in clean_plan().orphans] == [name]


def test_a_file_that_cannot_be_deleted_is_counted(dataset: Dataset, monkeypatch):
    rendered("study").delete()
    real = FileSystemStorage.delete
    names = []

    def refuse_one(storage: FileSystemStorage, name: str) -> None:
        names.append(name)
        if len(names) == 1:
            raise OSError("read-only")
        real(storage, name)

    monkeypatch.setattr(FileSystemStorage, "delete", refuse_one)
    done = clean_up(clean_plan(), by=None)
    assert (done.failed, done.files) == (1, 32)
    # Without its row it is found again once it is an hour old.
    past = time.time() - ORPHAN_AGE_S - 60
    os.utime(default_storage.path(names[0]), (past, past))
    assert [name for name, _size in clean_plan().orphans] == [names[0]]


def run(**options: object) -> str:
    out = io.StringIO()
    call_command("clean_renditions", stdout=out, **options)
    return out.getvalue()


def test_the_command_changes_nothing_without_yes(dataset: Dataset):
    assert "nothing to clean up" in run()
    rendered("study").delete()
    old_file("stimuli/lost.jpg")
    before = files()
    said = run()
    assert "demo, pfister2021, 640 pixels, jpeg: 33 files" in said
    assert "files that nothing names: 1, 5\xa0bytes" in said
    assert "in all: 34 files" in said
    assert files() == before
    assert "removed: 33 files" in run(dataset="demo", yes=True)
    assert "removed: 1 files" in run(yes=True)
    assert "nothing to clean up" in run(yes=True)
    with pytest.raises(CommandError, match="There is no dataset 'x'; choose one of: demo"):
        run(dataset="x")
    entries = AuditEntry.objects.filter(action="renditions.clean").order_by("pk")
    assert [entry.detail["files"] for entry in entries] == [33, 1]


def test_the_page_shows_and_then_removes(admin: Client, dataset: Dataset):
    assert "There is nothing to clean up." in admin.get(PAGE).content.decode()
    rendered("study").delete()
    page = admin.get(PAGE).content.decode()
    plan = clean_plan()
    agreed = f"{plan.files}:{plan.bytes}"
    assert f'name="agreed" value="{agreed}"' in page
    assert "Remove 33 files" in page
    for wrong in ("", "33:1", "32:5"):
        said = admin.post(f"{PAGE}clean/", {"agreed": wrong}, follow=True).content.decode()
        assert "Nothing was removed" in said
    assert Rendition.objects.count() == 33
    said = admin.post(f"{PAGE}clean/", {"agreed": agreed}, follow=True).content.decode()
    assert "Removed 33 files" in said
    assert not Rendition.objects.exists()
    assert AuditEntry.objects.get(action="renditions.clean").actor_name == "ada"


def test_one_dataset_is_cleaned_by_itself(admin: Client, dataset: Dataset, real_photos):
    photos_import("other", {real_photos[4]: "a.png"}, credits={})
    rendered("study").delete()
    rendered("theirs", dataset="other").delete()
    page = admin.get(f"{PAGE}?dataset={dataset.pk}").content.decode()
    assert "Clean up demo" in page
    plan = clean_plan(dataset)
    body = {"agreed": f"{plan.files}:{plan.bytes}", "dataset": dataset.pk}
    response = admin.post(f"{PAGE}clean/", body)
    assert response["Location"] == f"{PAGE}?dataset={dataset.pk}"
    assert set(Rendition.objects.values_list("photo__dataset__name", flat=True)) == {"other"}
