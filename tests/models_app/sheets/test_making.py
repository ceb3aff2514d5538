"""A photo's family, rendered for real, without the black bars."""

import numpy as np
import pytest
from django.core.files.storage import default_storage
from PIL import Image

from models_app.errors import SheetError
from models_app.models import Photo
from models_app.selectors import pictures as selectors
from models_app.services.datasets import photos_import
from models_app.sheets import making
from models_app.sheets.making import content_box, family_make, strips_make, unmixed

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((224, 224), (0, 0, 224, 224)),
        ((336, 224), (0, 39, 224, 185)),
        ((224, 448), (57, 0, 167, 224)),
        ((11200, 224), (0, 111, 224, 113)),
    ],
)
def test_bars_are_cut_off_and_the_photo_is_kept(size: tuple[int, int], box: tuple[int, ...]):
    assert content_box(*size, 224) == box


def white(tmp_path, size: tuple[int, int], name: str = "white.png") -> Photo:
    Image.new("RGB", size, (250, 250, 250)).save(tmp_path / name)
    photos_import("d", {tmp_path / name: name})
    return Photo.objects.get(name=name)


# Beyond 5.7 : 1 the cut of a rotation is shorter than the photo and has bars of its own.
@pytest.mark.parametrize("size", [(301, 200), (200, 301), (640, 427), (90, 400)])
def test_no_bar_is_left_in_a_picture_of_any_shape(tmp_path, monkeypatch, size: tuple[int, int]):
    # The references and one level of each kind of geometry: all of them white.
    wanted = {"original", "rotate_original", "crop_original", "rotate", "hcrop", "ratio"}
    variants = [
        variant
        for variant in making.preset_get("pfister2021").variants
        if variant[0] in wanted and variant[1] in {"", "10", "5"}
    ]
    monkeypatch.setattr(making.preset_get("pfister2021").__class__, "variants", variants)
    family = family_make(white(tmp_path, size), preset="pfister2021")
    assert set(family) == set(variants)
    for picture in family.values():
        assert np.asarray(picture).min() >= 248
        assert (picture.width > picture.height) == (size[0] > size[1])


def test_patches_are_mixed_with_the_next_photo(tmp_path):
    first = white(tmp_path, (300, 300))
    assert selectors.partner_get(first, "sheng2020") is None
    Image.new("RGB", (300, 300), (0, 0, 0)).save(tmp_path / "black.png")
    photos_import("d", {tmp_path / "black.png": "black.png"})
    partner = selectors.partner_get(first, "sheng2020")
    assert partner is not None
    assert partner.name == "black.png"
    assert selectors.partner_get(partner, "sheng2020") == first
    assert selectors.partner_get(first, "pfister2021") is None
    family = family_make(first, preset="sheng2020", partner=partner)
    assert family["sheng_mixup", "0.4"].getpixel((99, 99)) == pytest.approx((150, 150, 150), abs=1)


def test_a_photo_without_another_is_not_mixed(tmp_path):
    photo = white(tmp_path, (300, 300))
    strips = strips_make(photo, preset="sheng2020")
    assert unmixed("sheng2020", None) == {"sheng_mixup"}
    assert len(strips.files) == 9
    assert "sheng_mixup" not in strips.files


def test_a_missing_file_is_said_in_words(tmp_path):
    photo = white(tmp_path, (30, 20))
    default_storage.delete(photo.file)
    with pytest.raises(SheetError, match=r"white.png: its stored file photos/.* is missing"):
        family_make(photo, preset="pfister2021")


def test_a_damaged_file_is_said_in_words(tmp_path):
    photo = white(tmp_path, (30, 20))
    with default_storage.open(photo.file, "wb") as file:
        file.write(b"gone")
    with pytest.raises(SheetError, match=r"white.png: it is not a JPEG"):
        family_make(photo, preset="pfister2021")


def test_a_photo_that_is_too_long_is_said_in_words(tmp_path):
    photo = white(tmp_path, (1020, 20))
    with pytest.raises(SheetError, match=r"white.png: it is 1020 x 20"):
        family_make(photo, preset="pfister2021")
