"""TIFF, BMP and photos of unusual kinds come out with the right pixels."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from models_app.imaging import FORMATS, SUFFIXES, open_photo
from tests.models_app.odd_files import (
    BLACK_IS_ZERO,
    DEFLATE,
    LONG,
    RAW,
    SHORT,
    WHITE_IS_ZERO,
    YCBCR,
    deep,
    five_bits,
    opened,
    packed,
    png,
    press_profile,
    run_lengths,
    saved,
    sixteen_colours,
    tags,
    tiff,
    tiff_of,
    wide_profile,
    with_masks,
)


@pytest.fixture(scope="module")
def photo(real_photos: list[Path]) -> Image.Image:
    with Image.open(real_photos[1]) as image:
        small = image.convert("RGB").resize((90, 60))
    # No profile of the source's: a test that wants one gives it.
    small.info = {}
    return small


def test_every_suffix_belongs_to_a_format_and_every_format_has_one():
    Image.init()
    formats = {suffix: Image.registered_extensions()[suffix] for suffix in SUFFIXES}
    assert set(formats.values()) == set(FORMATS)
    assert list(SUFFIXES) == sorted(SUFFIXES)


def grey_png(grey: NDArray[np.uint16]) -> bytes:
    return png((45, 30), 16, 0, grey.astype(">u2").tobytes())


def twelve_bits(grey: NDArray[np.uint16]) -> bytes:
    page = tags(45, 30, (12,), BLACK_IS_ZERO)
    return tiff((page, [packed(grey // 16, 12)]))


@pytest.mark.parametrize(
    ("make", "most_off"),
    [
        pytest.param(grey_png, 0, id="png"),
        pytest.param(lambda g: tiff_of(g[..., None], BLACK_IS_ZERO), 0, id="tiff"),
        pytest.param(lambda g: tiff_of(g[..., None], BLACK_IS_ZERO, order=">"), 0, id="big-endian"),
        pytest.param(
            lambda g: tiff_of(g[..., None], BLACK_IS_ZERO, compression=DEFLATE), 0, id="deflate"
        ),
        pytest.param(lambda g: tiff_of(65535 - g[..., None], WHITE_IS_ZERO), 0, id="white is zero"),
        # The last four bits are gone before.
        pytest.param(twelve_bits, 1, id="12 bits"),
    ],
)
def test_16_bit_grey_is_scaled_not_clipped(photo, make, most_off):
    grey = deep(photo)[..., 1]
    wanted = np.round(grey / 257)[..., None]
    assert wanted.min() < 20
    assert wanted.max() > 150
    assert np.abs(opened(make(grey)) - wanted).max() <= most_off


def planar(pixels: NDArray[np.uint16], compression: int = RAW) -> bytes:
    bands = [np.ascontiguousarray(pixels[..., band]).tobytes() for band in range(3)]
    if compression == DEFLATE:
        bands = [zlib.compress(band) for band in bands]
    page = tags(45, 30, (16, 16, 16), compression=compression) | {284: (SHORT, (2,))}
    return tiff((page, bands))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda c: png((45, 30), 16, 2, c.astype(">u2").tobytes()), id="png"),
        pytest.param(lambda c: png((45, 30), 16, 6, opaque(c, ">u2")), id="png with alpha"),
        pytest.param(lambda c: tiff_of(c), id="tiff"),
        pytest.param(lambda c: tiff_of(c, order=">"), id="big-endian"),
        pytest.param(lambda c: tiff_of(c, compression=DEFLATE), id="deflate"),
        pytest.param(lambda c: tiff_of(c, compression=DEFLATE, order=">"), id="deflate big-endian"),
        pytest.param(planar, id="a plane a colour"),
        pytest.param(lambda c: planar(c, DEFLATE), id="a plane a colour, deflate"),
    ],
)
def test_16_bit_colour_is_right_within_a_level(photo, make):
    colour = deep(photo)
    assert np.abs(opened(make(colour)) - colour / 257).max() < 1


def opaque(colour: NDArray[np.uint16], kind: str) -> bytes:
    return np.dstack([colour, np.full(colour.shape[:2], 65535)]).astype(kind).tobytes()


@pytest.mark.parametrize(
    ("make", "turned"),
    [
        pytest.param(lambda p: saved(p, "BMP"), lambda p: p, id="bmp 24 bits"),
        pytest.param(with_masks, lambda p: p, id="bmp 32 bits, opaque"),
        pytest.param(lambda p: saved(p.convert("RGBA"), "BMP"), lambda p: p, id="bmp 32 bits"),
        pytest.param(lambda p: saved(p.convert("L"), "BMP"), lambda p: p.convert("L"), id="bmp L"),
        pytest.param(lambda p: saved(p.convert("1"), "BMP"), lambda p: p.convert("1"), id="bmp 1"),
        pytest.param(lambda p: saved(p.quantize(99), "BMP"), lambda p: p.quantize(99), id="bmp 8"),
        pytest.param(sixteen_colours, lambda p: p.quantize(16), id="bmp 4 bits"),
        pytest.param(run_lengths, lambda p: p.quantize(200), id="bmp run lengths"),
        pytest.param(lambda p: saved(p.convert("1"), "PNG"), lambda p: p.convert("1"), id="png 1"),
        pytest.param(
            lambda p: saved(p.convert("1"), "TIFF", compression="group4"),
            lambda p: p.convert("1"),
            id="tiff fax",
        ),
        pytest.param(
            lambda p: saved(p.quantize(99), "TIFF", compression="tiff_lzw"),
            lambda p: p.quantize(99),
            id="tiff palette",
        ),
        pytest.param(
            lambda p: tiff_of(255 - np.asarray(p.convert("L"))[..., None], WHITE_IS_ZERO),
            lambda p: p.convert("L"),
            id="tiff white is zero",
        ),
        pytest.param(lambda p: saved(p.convert("RGBA"), "TIFF"), lambda p: p, id="tiff alpha 255"),
        pytest.param(lambda p: saved(p, "TIFF", big_tiff=True), lambda p: p, id="tiff of 64 bits"),
        *(
            pytest.param(lambda p, c=c: saved(p, "TIFF", compression=c), lambda p: p, id=c)
            for c in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")
        ),
    ],
)
def test_lossless_files_of_every_depth_come_through_unchanged(photo, make, turned):
    assert (opened(make(photo)) == np.asarray(turned(photo).convert("RGB"))).all()


def test_16_bit_bmp_spreads_five_bits_over_the_range(photo):
    wanted = np.round((np.asarray(photo) >> 3) * (255 / 31))
    assert np.abs(opened(five_bits(photo)) - wanted).max() <= 1


@pytest.mark.parametrize("compression", [RAW, DEFLATE])
def test_a_tiff_with_halved_chroma_looks_like_the_photo(photo, compression):
    bands = np.asarray(photo.convert("YCbCr"))
    chroma = np.asarray(photo.convert("YCbCr").resize((45, 30), Image.Resampling.BOX))[..., 1:]
    # Four Y of a square, then its Cb and Cr.
    luma = bands[..., 0].reshape(30, 2, 45, 2).swapaxes(1, 2).reshape(30, 45, 4)
    blocks = np.concatenate([luma, chroma], axis=-1).tobytes()
    content = zlib.compress(blocks) if compression == DEFLATE else blocks
    page = tags(90, 60, photometric=YCBCR, compression=compression)
    assert np.abs(opened(tiff((page, [content]))) - np.asarray(photo)).mean() < 3


def test_jpeg_inside_a_tiff_and_progressive_jpeg_look_like_the_photo(photo):
    for content in (
        saved(photo, "TIFF", compression="jpeg", quality=95),
        saved(photo, "JPEG", progressive=True, quality=95, subsampling=0),
    ):
        assert np.abs(opened(content) - np.asarray(photo)).mean() < 3


def test_a_tile_that_reaches_over_the_edge_shows_only_the_picture(photo):
    tile = np.zeros((64, 96, 3), np.uint8)
    tile[:60, :90] = np.asarray(photo)
    content = zlib.compress(tile.tobytes())
    page = tags(90, 60, compression=DEFLATE) | {322: (LONG, (96,)), 323: (LONG, (64,))}
    del page[278]
    whole = bytearray(tiff((page, [content])))
    # The strip's two tags, written as a tile's.
    for strip, tiled in ((273, 324), (279, 325)):
        at = whole.index(struct.pack("<HHI", strip, LONG, 1))
        struct.pack_into("<H", whole, at, tiled)
    assert (opened(bytes(whole)) == np.asarray(photo)).all()


@pytest.mark.parametrize("format", FORMATS)
def test_one_pixel_is_a_photo(photo, format):
    pixel = photo.crop((30, 30, 31, 31))
    off = np.abs(opened(saved(pixel, format)) - np.asarray(pixel))
    assert off.shape == (1, 1, 3)
    assert off.max() <= 12


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "BMP"])
def test_a_panorama_20000_pixels_wide_is_a_photo(photo, format):
    wide = photo.resize((20_000, 300))
    off = np.abs(opened(saved(wide, format)) - np.asarray(wide))
    assert off.shape == (300, 20_000, 3)
    assert off.mean() < 3


BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_the_orientation_of_a_tiff_is_applied_once(photo, tmp_path, orientation, compression):
    turned = photo.transpose(BACK[orientation]) if orientation in BACK else photo
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(turned, "TIFF", exif=exif, compression=compression)
    assert (opened(content) == np.asarray(photo)).all()
    # Given a path, Pillow decodes another way.
    path = tmp_path / "photo.tif"
    path.write_bytes(content)
    assert (np.asarray(open_photo(path)) == np.asarray(photo)).all()


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_the_profile_of_a_tiff_is_converted_to_srgb(photo, compression):
    profile = wide_profile()
    srgb = ImageCms.createProfile("sRGB")
    to_wide = ImageCms.buildTransform(srgb, profile, "RGB", "RGB", renderingIntent=1)
    wide = ImageCms.applyTransform(photo, to_wide)
    content = saved(wide, "TIFF", compression=compression, icc_profile=profile.tobytes())
    assert np.abs(opened(content) - np.asarray(photo)).mean() < 1.5


@pytest.mark.parametrize("mode", ["1", "L", "I;16"])
def test_a_colour_profile_left_in_a_grey_photo_does_not_matter(photo, mode):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = Image.fromarray(deep(photo)[..., 0]) if mode == "I;16" else photo.convert(mode)
    plain = opened(saved(grey, "PNG"))
    assert np.abs(opened(saved(grey, "PNG", icc_profile=profile)) - plain).max() <= 1


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_with_a_profile_has_the_colours_of_its_inks(photo, format):
    # The press profile knows pure inks; between them any mixture is a guess.
    pure = photo.point(lambda value: 255 * (value > 110)).resize((720, 480), 0)
    content = saved(pure.convert("CMYK"), format, icc_profile=press_profile())
    assert np.abs(opened(content) - np.asarray(pure)).mean() < 4
