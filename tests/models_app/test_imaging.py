"""From a file to upright sRGB pixels, or one sentence why not."""

import contextlib
import io
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from models_app.imaging import PhotoRefused, open_photo
from tests.models_app.odd_files import wide_profile


@pytest.fixture(scope="module")
def photo(real_photos: list[Path]) -> Image.Image:
    with Image.open(real_photos[1]) as image:
        return image.convert("RGB").resize((90, 60))


def saved(image: Image.Image, format: str, **options: object) -> io.BytesIO:
    out = io.BytesIO()
    image.save(out, format, **options)
    out.seek(0)
    return out


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_lossless_pixels_come_through_unchanged(photo, format):
    opened = open_photo(saved(photo, format, lossless=True))
    assert (np.asarray(opened) == np.asarray(photo)).all()
    assert (opened.mode, opened.info) == ("RGB", {})


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(photo, orientation):
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = photo.transpose(back[orientation]) if orientation in back else photo
    opened = open_photo(saved(turned, "PNG", exif=exif))
    assert (np.asarray(opened) == np.asarray(photo)).all()


@pytest.mark.filterwarnings("ignore")
def test_damaged_metadata_never_ends_an_import(photo):
    """Random bytes in the EXIF block; Pillow's own helper fails on some with other errors."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    exif.get_ifd(0x8825)[2] = (1.0, 2.0, 3.0)
    whole = saved(photo, "JPEG", exif=exif).getvalue()
    start, end = whole.index(b"Exif") + 6, whole.index(b"\xff\xdb")
    rng = random.Random(20261121)
    helper_failed = 0
    for _copy in range(400):
        content = bytearray(whole)
        for _byte in range(4):
            content[rng.randrange(start, end)] = rng.randrange(256)
        with contextlib.suppress(PhotoRefused):
            assert open_photo(io.BytesIO(bytes(content))).mode == "RGB"
        try:
            with Image.open(io.BytesIO(bytes(content))) as image:
                ImageOps.exif_transpose(image)
        except Exception:  # noqa: BLE001 - that it may be any is the point
            helper_failed += 1
    assert helper_failed, "these bytes would not tell a careful reader from a careless one"


def test_metadata_is_dropped(photo):
    exif = Image.Exif()
    exif[0x010F] = "Camera of somebody"
    exif.get_ifd(0x8825)[1] = "N"
    opened = open_photo(saved(photo, "JPEG", exif=exif, comment=b"at home", dpi=(300, 300)))
    again = saved(opened, "JPEG").getvalue()
    assert opened.info == {}
    assert b"Exif" not in again
    assert b"at home" not in again


def test_an_embedded_profile_is_converted_to_srgb(photo):
    # ProPhoto-like primaries are far from sRGB: without conversion the photo looks pale.
    srgb = ImageCms.createProfile("sRGB")
    profile = wide_profile()
    to_wide = ImageCms.buildTransform(srgb, profile, "RGB", "RGB", renderingIntent=1)
    wide = ImageCms.applyTransform(photo, to_wide)
    assert np.abs(np.asarray(wide).astype(int) - np.asarray(photo)).mean() > 8
    opened = open_photo(saved(wide, "PNG", icc_profile=profile.tobytes()))
    assert np.abs(np.asarray(opened).astype(int) - np.asarray(photo)).mean() < 1.5


def test_grey_and_palette_become_colour(photo):
    assert open_photo(saved(photo.convert("L"), "PNG")).mode == "RGB"
    assert open_photo(saved(photo.convert("P"), "PNG")).mode == "RGB"
    opaque = photo.copy()
    opaque.putalpha(255)
    assert (np.asarray(open_photo(saved(opaque, "PNG"))) == np.asarray(photo)).all()


def transparent(photo: Image.Image) -> io.BytesIO:
    half = photo.copy()
    half.putalpha(100)
    return saved(half, "PNG")


def animated(photo: Image.Image) -> io.BytesIO:
    other = photo.transpose(Image.Transpose.ROTATE_180)
    return saved(photo, "WEBP", save_all=True, append_images=[other])


def truncated(photo: Image.Image) -> io.BytesIO:
    whole = saved(photo, "JPEG").getvalue()
    return io.BytesIO(whole[: len(whole) // 2])


def bomb(photo: Image.Image) -> io.BytesIO:
    """A PNG of a few bytes that claims 50,000 x 50,000 pixels."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    )
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunks)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (transparent, "partly transparent"),
        (animated, "animated"),
        (truncated, "damaged"),
        (bomb, "2500.0 megapixels; allowed are 120"),
        (lambda photo: saved(photo.convert("CMYK"), "JPEG"), "CMYK without a colour profile"),
        (lambda photo: saved(photo, "GIF"), "not a JPEG, PNG, WebP, TIFF or BMP"),
        (
            lambda photo: io.BytesIO(b"<svg onload='alert(1)'/>"),
            "not a JPEG, PNG, WebP, TIFF or BMP",
        ),
        (lambda photo: io.BytesIO(b""), "not a JPEG, PNG, WebP, TIFF or BMP"),
        (lambda photo: saved(photo, "PNG", icc_profile=b"nonsense"), "colour profile"),
    ],
)
def test_what_is_not_taken_is_refused_in_one_sentence(photo, make, said):
    with pytest.raises(PhotoRefused) as refused:
        open_photo(make(photo))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_bytes_are_looked_at_before_decoding(photo):
    with pytest.raises(PhotoRefused, match="allowed are 0 MB"):
        open_photo(saved(photo, "PNG"), max_bytes=100)
