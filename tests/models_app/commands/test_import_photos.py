"""manage.py import_photos"""

import io
import os
import shutil
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import OperationalError
from PIL import Image

from config.backups.files import names_list
from models_app.files import files_below
from models_app.models import Photo
from models_app.services import datasets, photo_archives
from models_app.services.photo_taking import photo_look
from tests.factories import file_read
from tests.models_app.zips import zip_of, zip_photos

pytestmark = pytest.mark.django_db


def run(folder: Path, **options: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_photos", folder, dataset="d", stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def folder(tmp_path: Path, real_photos: list[Path]) -> Path:
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for path in real_photos[:3]:
        shutil.copy(path, folder)
    shutil.copy(real_photos[3], folder / "more")
    return folder


def test_photos_are_imported_below_the_folder(folder: Path):
    out, err = run(folder)
    assert "4 files: 4 imported, 0 known already, 0 refused, 0 no photos" in out
    assert err == ""
    assert set(Photo.objects.values_list("name", flat=True)) == {
        "astronaut.png",
        "chelsea.png",
        "coffee.png",
        "more/rocket.jpg",
    }
    coffee = Photo.objects.get(name="coffee.png")
    assert (coffee.width, coffee.height) == (600, 400)
    assert file_read(coffee.file) == (folder / "coffee.png").read_bytes()


def test_a_second_run_continues_and_adds_nothing_twice(folder: Path, real_photos: list[Path]):
    run(folder)
    shutil.copy(real_photos[5], folder)
    out, _err = run(folder)
    assert "5 files: 1 imported, 4 known already, 0 refused" in out
    assert Photo.objects.count() == 5


def test_nothing_is_skipped_in_silence(folder: Path):
    shutil.copy(folder / "coffee.png", folder / "copy.png")
    with Image.open(folder / "coffee.png") as image:
        image.save(folder / "resaved.webp", lossless=True)
    (folder / "broken.jpg").write_bytes((folder / "chelsea.png").read_bytes()[:5000])
    (folder / "page.jpg").write_text("<html>")
    (folder / "list.txt").write_text("astronaut.png")
    out, err = run(folder)
    assert "9 files: 4 imported, 0 known already, 4 refused, 1 no photos" in out
    assert "refused copy.png: it is a duplicate of coffee.png" in err
    assert "refused resaved.webp: it is a duplicate of coffee.png" in err
    assert "refused broken.jpg: it is damaged" in err
    assert "refused page.jpg: it is not a JPEG, PNG, WebP, TIFF or BMP" in err
    assert "not a photo by its name: list.txt" in err
    assert len(err.splitlines()) == 5


def test_odd_names_and_dead_links_are_named_and_the_rest_goes_on(folder: Path):
    shutil.copy(folder / "coffee.png", os.fsencode(folder) + b"/caf\xe9.png")
    (folder / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    out, err = run(folder)
    assert "6 files: 4 imported, 0 known already, 2 refused" in out
    assert "its name has bytes that are no text" in err
    assert "refused gone.jpg: it cannot be read (No such file or directory)" in err


def test_another_photo_of_a_taken_name_is_refused(folder: Path, real_photos: list[Path]):
    run(folder)
    shutil.copy(real_photos[4], folder / "coffee.png")
    _out, err = run(folder)
    assert "refused coffee.png: the dataset d has another photo of this name" in err
    assert Photo.objects.count() == 4


def test_a_database_that_fails_leaves_no_file(folder: Path, monkeypatch):
    def full(**_values: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(Photo.objects, "create", full)
    before = set(names_list(default_storage))
    with pytest.raises(OperationalError):
        run(folder)
    assert set(names_list(default_storage)) == before


def test_the_byte_cap_is_looked_at_before_reading(folder: Path, settings):
    settings.PHOTO_MAX_BYTES = 300_000
    _out, err = run(folder)
    assert "refused coffee.png: it has 0.5 MB; allowed are 0 MB" in err
    assert not Photo.objects.filter(name="coffee.png").exists()


def test_a_list_gives_splits_also_later(folder: Path, tmp_path: Path):
    run(folder)
    names = tmp_path / "names.csv"
    names.write_text("train:p-1.jpeg,coffee.png\nval:p-2.jpeg,rocket.jpg\ntest:p-3.jpeg,gone.jpg\n")
    out, err = run(folder, list=[names])
    assert "4 known already" in out
    assert "1 names of the list have no file here" in err
    splits = dict(Photo.objects.values_list("name", "split"))
    assert (splits["coffee.png"], splits["more/rocket.jpg"], splits["chelsea.png"]) == (
        "train",
        "val",
        "",
    )
    assert Photo.objects.get(name="coffee.png").list_name == "p-1.jpeg"


def test_a_wrong_folder_is_one_sentence(tmp_path: Path):
    with pytest.raises(CommandError, match="is no folder"):
        run(tmp_path / "nowhere")
    with pytest.raises(CommandError, match="holds no files"):
        run(tmp_path)


def test_credits_and_licences_come_from_a_table(folder: Path, tmp_path: Path):
    table = tmp_path / "credits.csv"
    table.write_text(
        "photo,credit,licence,source\ncoffee.png,Rachel,CC0,https://x.org/c\n"
        "more/rocket.jpg,SpaceX,PD,\ngone.jpg,Nobody,,\n"
    )
    (folder / "credits.csv").write_text("photo,credit\ncoffee.png,Somebody\nchelsea.png,Stefan\n")
    out, err = run(folder, credits=table)
    assert "4 files: 4 imported" in out
    assert err == "1 row of the credits has no photo here: gone.jpg\n"
    about = {
        name: rest
        for name, *rest in Photo.objects.values_list("name", "credit", "licence", "source_url")
    }
    assert about == {
        "astronaut.png": ["", "", ""],
        "chelsea.png": ["Stefan", "", ""],
        "coffee.png": ["Rachel", "CC0", "https://x.org/c"],
        "more/rocket.jpg": ["SpaceX", "PD", ""],
    }
    # At a second run they are put right; what the table leaves out stays.
    table.write_text("photo,licence\ncoffee.png,CC BY 4.0\n")
    run(folder, credits=table)
    coffee = Photo.objects.get(name="coffee.png")
    assert (coffee.credit, coffee.licence) == ("Rachel", "CC BY 4.0")


def test_a_wrong_table_is_one_sentence_and_nothing_is_imported(folder: Path, tmp_path: Path):
    with pytest.raises(CommandError, match="cannot be read"):
        run(folder, credits=tmp_path / "nowhere.csv")
    table = tmp_path / "t.csv"
    table.write_text("photo,credit,url\ncoffee.png,Ada,javascript:alert(1)\n")
    with pytest.raises(CommandError, match="Row 2, column source_url"):
        run(folder, credits=table)
    assert not Photo.objects.exists()


def test_a_zip_is_imported_as_the_dashboard_does_and_again_goes_on(
    tmp_path: Path, real_photos: list[Path]
):
    path = tmp_path / "my.zip"
    photos = [(f"my/{each.name}", each.read_bytes()) for each in real_photos[:2]]
    table = ("my/credits.csv", b"photo,credit\nchelsea.png,Stefan\n")
    path.write_bytes(zip_of([*photos, table, ("../up.jpg", b"x"), ("my/.DS_Store", b"x")]))
    out, err = run(path)
    assert "3 files: 2 imported, 0 known already, 1 refused, 0 no photos" in out
    assert err.startswith("refused ../up.jpg: its path leads out of the archive")
    assert Photo.objects.get(name="chelsea.png").credit == "Stefan"
    assert "0 imported, 2 known already, 1 refused" in run(path)[0]
    with pytest.raises(CommandError, match="--list is for folders"):
        run(path, list=[path])
    path.write_bytes(b"no zip")
    with pytest.raises(CommandError, match="no zip, or a damaged one"):
        run(path)


@pytest.mark.parametrize("is_zip", [True, False])
def test_ctrl_c_keeps_what_is_in_and_again_goes_on(
    folder: Path, tmp_path: Path, real_photos: list[Path], monkeypatch, is_zip: bool
):
    source = tmp_path / "my.zip" if is_zip else folder
    if is_zip:
        source.write_bytes(zip_photos(real_photos[:4]))
    looked = []

    def look(content: bytes, known):
        looked.append(content)
        if len(looked) == 3:
            raise KeyboardInterrupt
        return photo_look(content, known)

    module = photo_archives if is_zip else datasets
    monkeypatch.setattr(module, "photo_look", look)
    out = io.StringIO()
    with pytest.raises(CommandError, match="what was imported is kept") as stopped:
        call_command("import_photos", source, dataset="d", stdout=out, stderr=io.StringIO())
    assert stopped.value.returncode == 130
    assert "2 files: 2 imported" in out.getvalue()
    assert set(Photo.objects.values_list("file", flat=True)) <= set(files_below("photos"))
    monkeypatch.undo()
    out, _err = run(source)
    assert "4 files: 2 imported, 2 known already" in out


def test_the_shared_photos_import_whole(shared: Path):
    manifest = shared / "data" / "photos_manifest.csv"
    out, err = run(shared / "data" / "photos", list=[manifest])
    assert "305 files: 305 imported, 0 known already, 0 refused, 0 no photos" in out
    assert err == ""
    counts = {
        split: Photo.objects.filter(split=split).count() for split in ("train", "val", "test")
    }
    assert counts == {"train": 113, "val": 23, "test": 18}
