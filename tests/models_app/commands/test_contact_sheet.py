"""manage.py contact_sheet"""

import io
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image

from models_app.distortions.registry import preset_get
from models_app.models import Photo
from models_app.services.datasets import photos_import
from models_app.sheets import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def photo(real_photos) -> Photo:
    photos_import("d", {real_photos[2]: "coffee.png"})
    return Photo.objects.get()


def run(photo: int, output: Path, *more: str) -> str:
    out = io.StringIO()
    call_command("contact_sheet", f"--photo={photo}", f"--output={output}", *more, stdout=out)
    return out.getvalue()


def test_it_draws_the_whole_family(photo: Photo, tmp_path: Path, monkeypatch):
    size = (224, 146)
    family = {v: Image.new("RGB", size) for v in preset_get("pfister2021").variants}
    monkeypatch.setattr(making, "family_make", lambda *_photo, **_options: family)
    path = tmp_path / "sheet.JPG"
    path.write_bytes(b"older")
    said = run(photo.pk, path)
    with Image.open(path) as sheet:
        assert sheet.format == "JPEG"
        # Eleven pictures of 224 pixels with 8 between them, and two margins.
        assert sheet.width == 11 * 232 - 8 + 2 * 72
        assert sheet.height > 21 * 146
        assert said == f"{path}: 21 distortions, {sheet.width} x {sheet.height} pixels\n"
        for x in (5, sheet.width - 5):
            assert sheet.getpixel((x, 5)) == (255, 255, 255)
    assert list(tmp_path.iterdir()) == [path]


def test_a_png_of_another_preset(photo: Photo, tmp_path: Path):
    path = tmp_path / "sheet.png"
    # Without another photo, what mixes two is left out.
    assert "9 distortions" in run(photo.pk, path, "--preset=sheng2020")
    with Image.open(path) as sheet:
        assert sheet.format == "PNG"


@pytest.mark.parametrize("name", ["sheet.gif", "sheet", "folder.png"])
def test_another_file_is_refused_before_anything_is_rendered(photo: Photo, tmp_path, name: str):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(CommandError, match=r"is no picture file by its name; name a \.png"):
        run(photo.pk, tmp_path / name)


def test_an_unknown_photo_is_refused_with_those_that_there_are(photo: Photo, tmp_path: Path):
    with pytest.raises(CommandError, match=f"no photo 9999; photos have numbers from {photo.pk} "):
        run(9999, tmp_path / "sheet.png")


def test_without_photos_it_says_how_to_import_some(db, tmp_path: Path):
    with pytest.raises(CommandError, match="import_photos FOLDER --dataset NAME"):
        run(1, tmp_path / "sheet.png")


def test_a_missing_photo_file_is_one_sentence(photo: Photo, tmp_path: Path):
    default_storage.delete(photo.file)
    with pytest.raises(CommandError, match=r"coffee.png: its stored file .* is missing"):
        run(photo.pk, tmp_path / "sheet.png")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_one_sentence(photo: Photo, tmp_path: Path):
    path = tmp_path / "nowhere" / "sheet.png"
    with pytest.raises(CommandError, match=r"cannot be written \(No such file or directory\)"):
        run(photo.pk, path, "--preset=sheng2020")
