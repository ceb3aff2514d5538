"""Releases: what is in them, that they are the same each time, and the command."""

import csv
import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client

from models_app.models import Dataset, Photo, SurveySource
from models_app.services.datasets import photos_import
from models_app.services.releases import COLUMNS, release_write
from survey.models import AuditEntry
from tests.factories import survey_make
from tests.models_app.dashboard.dataset_rows import checkpoint_make, diversity_make, nima_make
from tests.people import Annotator

LABELS = {"coffee.png": ("espresso", {"spoon": 1, "cup": 2})}
LIST = "/dashboard/models/datasets/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(db: None, real_photos) -> Dataset:
    credits = {path: f"credit of {path.stem}" for path in real_photos[:5]}
    photos_import("demo", {path: path.name for path in real_photos}, credits=credits)
    dataset = Dataset.objects.get()
    dataset.photos.filter(name="rocket.jpg").update(
        split="val", credit="=cmd|' /C calc'!A0", excluded_at="2026-01-01T00:00Z",
        excluded_reason="a rocket",
    )  # fmt: skip
    return dataset


@pytest.fixture
def voted(dataset: Dataset) -> Dataset:
    """A survey with four votes and a preview, and one that nobody answered."""
    for slug in ("study", "unanswered"):
        survey = survey_make(slug)
        SurveySource.objects.create(
            survey=survey, dataset=dataset, preset="pfister2021", long_side=640, encoding="jpeg"
        )
        if slug == "unanswered":
            continue
        for origin in ("person", "test"):
            person = Annotator(survey, origin=origin)
            state = person.pair()
            while state["state"] == "pair":
                state = person.vote(state["trials"][0]["token"]).json()
    return dataset


def released(dataset: Dataset, **options: bool) -> zipfile.ZipFile:
    out = io.BytesIO()
    release_write(dataset, out, **options)
    return zipfile.ZipFile(out)


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))


def test_the_manifest_has_every_photo(dataset: Dataset):
    nima_make(dataset, checkpoint=checkpoint_make(is_random=True))
    diversity_make(dataset, LABELS)
    found = {row["photo"]: row for row in rows(released(dataset), "manifest.csv")}
    assert list(found) == sorted(p.name for p in dataset.photos.all())
    coffee = Photo.objects.get(name="coffee.png")
    assert found["coffee.png"] == {
        "photo": "coffee.png", "file": "", "width": "600", "height": "400",
        "bytes": str(coffee.bytes), "file_sha256": coffee.file_sha256,
        "pixel_sha256": coffee.pixel_sha256, "split": "", "list_name": "",
        "credit": "credit of coffee", "licence": "", "source": "", "excluded": "0",
        "excluded_reason": "",
        "score_mean": "5.500000", "score_sd": "1.250000", "score_checkpoint": "kentsyx",
        "score_is_random": "1", "class": "espresso", "class_confidence": "0.750000",
        "objects": "cup 2; spoon 1",
    }  # fmt: skip
    rocket = found["rocket.jpg"]
    assert (rocket["split"], rocket["excluded"], rocket["excluded_reason"]) == (
        "val", "1", "a rocket",
    )  # fmt: skip
    # A spreadsheet must not run it.
    assert rocket["credit"] == "'=cmd|' /C calc'!A0"
    assert found["astronaut.png"]["class"] == ""


def test_the_codebook_explains_every_column(dataset: Dataset):
    archive = released(dataset)
    manifest = rows(archive, "manifest.csv")
    codebook = rows(archive, "manifest-codebook.csv")
    assert [row["column"] for row in codebook] == list(manifest[0]) == [c.name for c in COLUMNS]
    assert all(row["meaning"] for row in codebook)
    # Without checks their columns are there and empty.
    for row in manifest:
        assert row["score_mean"] == row["class"] == row["score_is_random"] == ""


def test_pixels_are_hashed_as_the_codebook_says(dataset: Dataset, real_photos):
    from models_app.imaging import open_photo

    image = open_photo(real_photos[2])
    own = hashlib.sha256(b"600x400:" + image.tobytes()).hexdigest()
    (row,) = [r for r in rows(released(dataset), "manifest.csv") if r["photo"] == "coffee.png"]
    assert row["pixel_sha256"] == own


def test_votes_come_with_their_codebook_and_without_previews(voted: Dataset):
    archive = released(voted)
    votes = rows(archive, "surveys/study/votes.csv")
    assert len(votes) == 4
    assert {row["excluded_reason"] for row in votes} == {""}
    codebook = rows(archive, "surveys/study/codebook.csv")
    assert [row["column"] for row in codebook][: len(votes[0])] == list(votes[0])
    assert not [name for name in archive.namelist() if "unanswered" in name]
    readme = archive.read("README.txt").decode()
    assert "study (A study): 4 votes" in readme
    assert "unanswered (A study): 0 votes" in readme


def test_the_readme_counts_and_says_where_scores_come_from(dataset: Dataset):
    none = released(dataset).read("README.txt").decode()
    assert "Photos: 7, of which 1 are excluded" in none
    assert "  val: 1\n" in none
    assert "  no split: 6\n" in none
    assert "Original files in this release: 0" in none
    assert "Photos without a credit: 2." in none
    assert none.count("none was made") == 2
    job = nima_make(dataset, checkpoint=checkpoint_make(is_random=True))
    found = released(dataset).read("README.txt").decode()
    assert f"job {job.pk}: nima_check of demo, finished" in found
    assert "RANDOM WEIGHTS" in found
    assert f"weights kentsyx (nima_vgg16), SHA-256 {'ab' * 32}" in found
    assert "preprocessing: crop=224" in found
    job.checkpoint.is_random = False
    job.checkpoint.save()
    assert "RANDOM" not in released(dataset).read("README.txt").decode()


def test_the_sums_are_those_of_the_files(voted: Dataset):
    archive = released(voted, photos=True)
    lines = archive.read("sha256sums.txt").decode().splitlines()
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    assert set(sums) == set(archive.namelist()) - {"sha256sums.txt"}
    for name, digest in sums.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == digest


def test_the_same_data_give_the_same_bytes(voted: Dataset):
    nima_make(voted)
    first, second = io.BytesIO(), io.BytesIO()
    release_write(voted, first, photos=True)
    release_write(voted, second, photos=True)
    assert first.getvalue() == second.getvalue()
    assert {e.date_time for e in zipfile.ZipFile(first).infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_originals_come_only_when_asked_for_and_never_excluded_ones(dataset: Dataset, real_photos):
    assert not [n for n in released(dataset).namelist() if n.startswith("photos/")]
    archive = released(dataset, photos=True)
    names = {n for n in archive.namelist() if n.startswith("photos/")}
    assert names == {f"photos/{path.name}" for path in real_photos if path.name != "rocket.jpg"}
    for path in real_photos:
        if path.name != "rocket.jpg":
            assert archive.read(f"photos/{path.name}") == path.read_bytes()
    files = {row["photo"]: row["file"] for row in rows(archive, "manifest.csv")}
    assert files["coffee.png"] == "photos/coffee.png"
    assert files["rocket.jpg"] == ""
    assert "Original files in this release: 6" in archive.read("README.txt").decode()


def test_no_name_leads_out_of_the_folder_it_is_unpacked_in(dataset: Dataset):
    odd = ["../up.png", "a/../../up.png", "/root.png", "c:\\up.png", "COFFEE.png", "more/fine.jpg"]
    photos = dataset.photos.filter(excluded_at=None).order_by("name")
    for photo, name in zip([p for p in photos if p.name != "coffee.png"], odd, strict=False):
        Photo.objects.filter(pk=photo.pk).update(name=name)
    archive = released(dataset, photos=True)
    for name in archive.namelist():
        assert ".." not in name
        assert "\\" not in name
        assert not name.startswith("/")
    lower = [name.lower() for name in archive.namelist()]
    assert len(set(lower)) == len(lower)
    files = {row["photo"]: row["file"] for row in rows(archive, "manifest.csv")}
    assert files["COFFEE.png"] == "photos/COFFEE.png"
    assert files["coffee.png"] == f"photos/{Photo.objects.get(name='coffee.png').pixel_sha256}.png"
    assert sum(bool(file) for file in files.values()) == 6


def test_a_dataset_without_photos_cannot_be_released(db: None):
    empty = Dataset.objects.create(name="none")
    with pytest.raises(Exception, match="There are no photos in the dataset none"):
        release_write(empty, io.BytesIO())


@pytest.mark.parametrize("change", ["gone", "changed"])
def test_an_original_that_is_not_what_was_imported_stops_it(dataset: Dataset, change: str):
    photo = dataset.photos.get(name="coffee.png")
    default_storage.delete(photo.file)
    if change == "changed":
        default_storage.save(photo.file, ContentFile(b"something else"))
    with pytest.raises(Exception, match=f"coffee.png (is gone|was {change})"):
        release_write(dataset, io.BytesIO(), photos=True)
    # Without the photos their files are not needed.
    assert len(rows(released(dataset), "manifest.csv")) == 7


def run(*args: object, **options: object) -> str:
    out = io.StringIO()
    call_command("release_dataset", *args, stdout=out, **options)
    return out.getvalue()


def test_the_command_writes_the_same_file(voted: Dataset, tmp_path: Path):
    file = tmp_path / "demo.zip"
    said = run("demo", output=file, photos=True)
    assert "7 photos, 6 original files, 4 votes" in said
    out = io.BytesIO()
    release_write(voted, out, photos=True)
    assert file.read_bytes() == out.getvalue()
    assert list(tmp_path.iterdir()) == [file]


def test_the_command_says_what_it_cannot_do(dataset: Dataset, tmp_path: Path):
    with pytest.raises(CommandError, match="There is no dataset 'nothing'; choose one of: demo"):
        run("nothing", output=tmp_path / "a.zip")
    with pytest.raises(CommandError, match=r"cannot be written .No such file or directory."):
        run("demo", output=tmp_path / "nowhere" / "a.zip")
    default_storage.delete(dataset.photos.get(name="coffee.png").file)
    with pytest.raises(CommandError, match=r"coffee.png is gone"):
        run("demo", output=tmp_path / "a.zip", photos=True)
    assert list(tmp_path.iterdir()) == []


def test_the_page_releases_photos_only_after_a_tick(admin: Client, dataset: Dataset):
    page = admin.get(f"{LIST}{dataset.pk}/release/").content.decode()
    assert "the licence of every photo lets me pass it on" in page
    assert "2 have no credit." in page
    address = f"{LIST}{dataset.pk}/release/photos.zip"
    refused = admin.post(address)
    assert refused.status_code == 400
    assert "nothing was released" in refused.content.decode()
    assert not AuditEntry.objects.filter(action="dataset.release").exists()
    response = admin.post(address, {"may": "1"})
    content = b"".join(response)
    assert response["Content-Disposition"] == 'attachment; filename="demo.zip"'
    assert len([n for n in zipfile.ZipFile(io.BytesIO(content)).namelist() if "photos/" in n]) == 6
    assert AuditEntry.objects.get(action="dataset.release").actor_name == "ada"


def test_a_release_too_large_for_a_browser_is_left_to_the_command(admin: Client, dataset: Dataset):
    dataset.photos.filter(name="coffee.png").update(bytes=3_000_000_000)
    assert "use the command below" in admin.get(f"{LIST}{dataset.pk}/release/").content.decode()
    response = admin.post(f"{LIST}{dataset.pk}/release/photos.zip", {"may": "1"})
    assert response.status_code == 400
    assert "too much for a browser" in response.content.decode()
