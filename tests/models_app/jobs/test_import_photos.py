"""The job that imports an archive: its outcomes, a death in the middle, what is left behind."""

import io
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from models_app.errors import JobInvalid
from models_app.models import Dataset, Job, Photo
from models_app.selectors import photo_imports as selectors
from models_app.services import photo_uploads
from models_app.services.datasets import photos_import
from models_app.services.jobs import job_create
from tests.factories import file_read
from tests.models_app.jobs.importing import KIND, finished, launch, outcomes, waiting
from tests.models_app.zips import LINK, SIZE, bomb, changed, entry, zip_of, zip_photos

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_waits():
    """Other tests leave files behind: their storage is not undone as their rows are."""
    for name in waiting():
        default_storage.delete(name)


def test_every_file_is_imported_known_or_refused_by_name(real_photos: list[Path]):
    photos_import("d", {real_photos[0]: "held/astronaut.png"})
    coffee = real_photos[2].read_bytes()
    with Image.open(io.BytesIO(coffee)) as image:
        resaved = io.BytesIO()
        image.save(resaved, "WEBP", lossless=True)
    job = finished(
        launch(
            zip_of(
                [
                    ("x/", b""),
                    ("x/.DS_Store", b"x"),
                    ("x/astronaut.png", real_photos[0].read_bytes()),
                    ("x/coffee.png", coffee),
                    ("x/copy.png", coffee),
                    ("x/resaved.webp", resaved.getvalue()),
                    ("x/COFFEE.PNG", coffee),
                    ("../outside.png", coffee),
                    (entry("x/link.png", mode=LINK), coffee),
                    ("x/inner.zip", zip_photos(real_photos[:1])),
                    ("x/cut.jpg", real_photos[3].read_bytes()[:5000]),
                    ("x/page.jpg", b"<html><script>alert(1)</script>"),
                    ("x/readme.txt", b"hello"),
                ]
            ),
            source="my.zip",
        )
    )
    assert (job.state, job.error) == (Job.State.SUCCEEDED, "")
    found = outcomes(job)
    assert found.pop("x/coffee.png") == ("imported", "")
    assert found.pop("x/astronaut.png") == ("known", "the dataset calls it held/astronaut.png")
    assert {outcome for outcome, _reason in found.values()} == {"refused"}
    said = {name: reason for name, (_outcome, reason) in found.items()}
    for name, reason in {
        "x/copy.png": "it is a duplicate of coffee.png",
        "x/resaved.webp": "it is a duplicate of coffee.png",
        "x/COFFEE.PNG": "another file of this name",
        "../outside.png": "leads out of the archive",
        "x/link.png": "it is a link",
        "x/inner.zip": "archive inside the archive",
        "x/cut.jpg": "it is damaged",
        "x/page.jpg": "it is not a JPEG",
        "x/readme.txt": "no photo by its name",
    }.items():
        assert reason in said.pop(name), name
    assert not said
    figures = ("imported", "known", "refused", "skipped")
    assert [job.result[name] for name in figures] == [1, 1, 9, 2]
    assert (job.done, job.total) == (11, 11)
    assert job.dataset.name == "d"
    assert set(Photo.objects.values_list("name", flat=True)) == {
        "held/astronaut.png",
        "coffee.png",
    }
    stored = Photo.objects.get(name="coffee.png").file
    # A name of the server's own, and the original's bytes.
    assert "coffee" not in stored
    assert file_read(stored) == coffee
    assert not waiting()


def test_photos_of_one_name_are_kept_apart(real_photos: list[Path]):
    photos_import("d", {real_photos[6]: "c.jpg"})
    one, two, three, four = (path.read_bytes() for path in real_photos[:4])
    files = [("all/1/a.png", one), ("all/2/A.png", two), ("all/2/b.png", three)]
    job = finished(launch(zip_of([*files, ("all/2/c.jpg", four)])))
    assert set(Photo.objects.values_list("name", flat=True)) == {
        "c.jpg",
        "1/a.png",
        "2/A.png",
        "b.png",
        # Not over the one that is there.
        "2/c.jpg",
    }
    assert job.result["imported"] == 4
    again = finished(launch(zip_of([*files, ("all/2/c.jpg", four)])))
    assert again.result["known"] == 4
    assert not [reason for _outcome, reason in outcomes(again).values() if reason]


def test_a_name_that_is_taken_by_another_picture_is_refused(real_photos: list[Path]):
    photos_import("d", {real_photos[0]: "a.png"})
    job = finished(launch(zip_of([("a.png", real_photos[1].read_bytes())])))
    assert outcomes(job)["a.png"][1].startswith("the dataset d has another photo of this name")
    assert file_read(Photo.objects.get().file) == real_photos[0].read_bytes()


def test_credits_come_with_the_photos_and_later_ones_correct_them(real_photos: list[Path]):
    names = [path.name for path in real_photos[:3]]
    inside = f"photo,credit,licence\n{names[0]},From the zip,CC0\n{names[1]},From the zip,CC0\n"
    files = [(path.name, path.read_bytes()) for path in real_photos[:3]]
    archive = zip_of([("credits.csv", inside.encode()), *files])
    uploaded = f"file;author;source\n{names[1]};Ada;https://x.org/1\ngone.jpg;Bob;\n"
    job = finished(launch(archive, uploaded, credit="The lab", licence="CC BY 4.0"))
    about = Photo.objects.values_list("credit", "licence", "source_url")
    assert dict(zip(names, (about.get(name=name) for name in names), strict=True)) == {
        names[0]: ("From the zip", "CC0", ""),
        names[1]: ("Ada", "CC BY 4.0", "https://x.org/1"),
        names[2]: ("The lab", "CC BY 4.0", ""),
    }
    assert job.result["credits_unused_names"] == ["gone.jpg"]
    # A table changes what is there; what is said of all others fills gaps only.
    finished(launch(zip_of(files), f"photo,licence\n{names[0]},CC BY-SA\n", licence="none"))
    assert about.get(name=names[0]) == ("From the zip", "CC BY-SA", "")
    assert about.get(name=names[2]) == ("The lab", "CC BY 4.0", "")


def test_an_import_that_is_refused_whole_leaves_no_dataset(real_photos: list[Path]):
    job = finished(launch(zip_of([("a.jpg", b"no photo"), ("b.jpg", b"neither")])))
    assert (job.state, job.result["refused"]) == (Job.State.SUCCEEDED, 2)
    assert not Dataset.objects.exists()


def test_odd_names_can_be_stored_and_shown(real_photos: list[Path]):
    long = "long/" * 200 + "a.png"
    content = real_photos[0].read_bytes()
    job = finished(launch(zip_of([("a.jpg\0.php", b"x"), (long, b"x"), ("b.png", content)])))
    zero, deep, taken = selectors.report_rows(job)
    assert (zero.name, zero.outcome) == ("a.jpg?.php", "refused")
    assert (deep.name, deep.outcome) == (long[:500], "refused")
    assert taken.outcome == "imported"


def test_bombs_are_named_and_the_rest_goes_on(real_photos: list[Path], settings):
    settings.PHOTO_MAX_BYTES = 2_000_000
    lying = changed(bomb("lying.jpg", 30_000_000), "lying.jpg", SIZE, 500, 4)
    job = finished(launch(lying))
    assert "damaged in the archive" in outcomes(job)["lying.jpg"][1]
    big = (entry("big.bmp"), bytes(3_000_000))
    job = finished(launch(zip_of([big, ("a.jpg", real_photos[3].read_bytes())])))
    assert "allowed are 2 MB" in outcomes(job)["big.bmp"][1]
    assert job.result["imported"] == 1


def test_a_damaged_disk_file_fails_the_job_with_a_sentence(real_photos: list[Path]):
    job = launch(zip_photos(real_photos[:1]))
    name = f"uploads/{job.config['upload']}"
    default_storage.delete(name)
    default_storage.save(name, SimpleUploadedFile("x", b"no zip"))
    finished(job)
    assert job.state == Job.State.FAILED
    assert "The file is no zip, or a damaged one" in job.error
    assert photo_uploads.upload_lost(job)
    assert not waiting()


@pytest.mark.parametrize("token", ["../../etc/passwd", "x.photos.zip", "a" * 32 + ".zip", ""])
def test_only_a_token_of_ours_is_read(token: str):
    with pytest.raises(JobInvalid):
        job_create(KIND, {"dataset": "d", "upload": token})


@pytest.mark.parametrize("name", ["", " d", "d ", "x" * 101, "a\nb"])
def test_a_dataset_has_a_name(name: str, real_photos: list[Path]):
    with pytest.raises(JobInvalid) as caught:
        launch(zip_photos(real_photos[:1]), dataset=name)
    assert caught.value.field == "dataset"
