"""manage.py import_photos over a folder of unusual, damaged and foreign files."""

import io
from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from PIL import Image

from config.backups.files import names_list
from models_app.imaging import open_photo
from models_app.models import Photo
from tests.factories import file_read
from tests.models_app.odd_files import (
    BLACK_IS_ZERO,
    SHORT,
    bmp,
    deep,
    png,
    press_profile,
    saved,
    tags,
    tiff,
    tiff_of,
)

pytestmark = pytest.mark.django_db

EIGHT_OR_SIXTEEN = "allowed are colour and greyscale with 8 or 16 bits a channel: save it as RGB"


def crops(real_photos: list[Path]) -> list[Image.Image]:
    """Parts of real photos, each another picture, since a duplicate would be refused as such."""
    found = []
    for path in real_photos:
        whole = open_photo(path)
        found += [whole.crop((x, 100, x + 90, 160)) for x in (0, 90, 180)]
    return found


def taken_files(parts: list[Image.Image], press: bytes) -> dict[str, bytes]:
    bits = deep(parts[4])
    return {
        "1x1.png": saved(parts[0].crop((0, 0, 1, 1)), "PNG"),
        "wide.tif": saved(parts[1].resize((20_000, 300)), "TIFF", compression="tiff_lzw"),
        "grey.bmp": saved(parts[2].convert("L"), "BMP"),
        "palette.TIFF": saved(parts[3].quantize(99), "TIFF"),
        "16 bit.tif": tiff_of(bits),
        "16 bit grey.png": png((45, 30), 16, 0, bits[..., 0].astype(">u2").tobytes()),
        "black and white.tif": saved(parts[5].convert("1"), "TIFF", compression="group4"),
        "opaque.png": saved(parts[6].convert("RGBA"), "PNG"),
        "progressive.jpg": saved(parts[7], "JPEG", progressive=True),
        "press.tif": saved(parts[8].convert("CMYK"), "TIFF", icc_profile=press),
    }


def refused_files(parts: list[Image.Image]) -> dict[str, tuple[bytes, str]]:
    part, other = parts[9], parts[10]
    more = {"save_all": True, "append_images": [other]}
    veiled = part.copy()
    veiled.putalpha(100)
    unreadable = "it is a TIFF that is damaged or of a kind that cannot be read: "
    damaged = "it is damaged and cannot be decoded ("
    floating = deep(part)[..., :1].astype("f4")
    return {
        "alpha.tif": (saved(veiled, "TIFF"), "it is partly transparent: "),
        "animated.png": (saved(part, "PNG", **more), "it is animated; "),
        "animated.webp": (saved(part, "WEBP", **more), "it is animated; "),
        "cmyk.tif": (saved(part.convert("CMYK"), "TIFF"), "it is CMYK without a colour profile: "),
        "cut.bmp": (saved(part, "BMP")[:5000], damaged),
        "cut.jpg": (saved(part, "JPEG")[:900], damaged),
        "cut.png": (saved(part, "PNG")[:5000], damaged),
        "cut.tif": (saved(part, "TIFF")[:5000], damaged),
        "cut early.tif": (saved(part, "TIFF")[:20], unreadable),
        "cut.webp": (saved(part, "WEBP")[:500], damaged),
        "empty.tif": (b"", "it is not a JPEG, PNG, WebP, TIFF or BMP picture: convert it to one"),
        "float.tif": (
            tiff_of(floating, BLACK_IS_ZERO, more={339: (SHORT, (3,))}),
            f"its pixels are 32-bit floating point; {EIGHT_OR_SIXTEEN}",
        ),
        "giant.bmp": (bmp((60_000, 60_000), 24, b"few"), "it has 60000 x 60000 = 3600.0 mega"),
        "giant.tif": (tiff((tags(60_000, 60_000), [b"few"])), "it has 60000 x 60000 = 3600.0 mega"),
        "pages.tif": (saved(part, "TIFF", **more), "it has several pages; "),
        "really a gif.bmp": (saved(part, "GIF"), "it is not a JPEG, PNG, WebP, TIFF or BMP"),
    }


def test_each_odd_file_is_imported_or_refused_and_leaves_nothing_behind(
    tmp_path: Path, real_photos: list[Path], capfd: pytest.CaptureFixture[str]
):
    parts = crops(real_photos)
    taken = taken_files(parts, press_profile())
    refused = refused_files(parts)
    contents = taken | {name: content for name, (content, _said) in refused.items()}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "film.gif").write_bytes(saved(parts[11], "GIF"))
    stored_before = files_stored()

    out, err = io.StringIO(), io.StringIO()
    call_command("import_photos", tmp_path, dataset="odd", stdout=out, stderr=err)

    lines = err.getvalue().splitlines()
    said = dict(line.removeprefix("refused ").split(": ", 1) for line in lines[:-1])
    assert lines[-1] == "not a photo by its name: film.gif"
    assert set(said) == set(refused)
    for name, (_content, beginning) in refused.items():
        assert said[name].startswith(beginning), name
    assert f"27 files: {len(taken)} imported, 0 known already, 16 refused, 1 no" in out.getvalue()

    photos = Photo.objects.filter(dataset__name="odd")
    assert {photo.name for photo in photos} == set(taken)
    assert files_stored() - stored_before == {photo.file for photo in photos}
    for photo in photos:
        assert file_read(photo.file) == taken[photo.name]
    wide = photos.get(name="wide.tif")
    assert (wide.width, wide.height) == (20_000, 300)
    # Not a line of Pillow's or of a decoder's beside the command's own.
    assert capfd.readouterr() == ("", "")


def files_stored() -> set[str]:
    return set(names_list(default_storage))


def test_a_tiff_of_a_photo_taken_already_is_a_duplicate(tmp_path: Path, real_photos: list[Path]):
    photo = open_photo(real_photos[2])
    photo.save(tmp_path / "a.png")
    photo.save(tmp_path / "b.tiff", compression="tiff_lzw")
    deep_pixels = np.asarray(photo).astype("u2") * 257
    (tmp_path / "c.tif").write_bytes(tiff_of(deep_pixels))
    out, err = io.StringIO(), io.StringIO()
    call_command("import_photos", tmp_path, dataset="odd", stdout=out, stderr=err)
    assert "3 files: 1 imported" in out.getvalue()
    assert err.getvalue().splitlines() == [
        "refused b.tiff: it is a duplicate of a.png: the same picture, taken already",
        "refused c.tif: it is a duplicate of a.png: the same picture, taken already",
    ]
