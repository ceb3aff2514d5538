"""Photos that are not taken, and damaged ones: one sentence, never another picture."""

import random
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models_app.imaging import PhotoRefused, open_photo
from tests.models_app.odd_files import (
    BLACK_IS_ZERO,
    CMYK,
    DEFLATE,
    LAB,
    LONG,
    SHORT,
    bmp,
    chunk,
    deep,
    opened,
    outcome,
    png,
    refusal,
    run_lengths,
    saved,
    tags,
    tiff,
    tiff_of,
    wide_profile,
    with_masks,
)

Make = Callable[[Image.Image], bytes]


@pytest.fixture(scope="module")
def photo(real_photos: list[Path]) -> Image.Image:
    with Image.open(real_photos[1]) as image:
        small = image.convert("RGB").resize((90, 60))
    # No profile of the source's: a test that wants one gives it.
    small.info = {}
    return small


def test_giant_claims_are_refused_from_the_header():
    giant = {322: (LONG, (60_000,)), 323: (LONG, (60_000,))}
    said = {
        "TIFF": refusal(tiff((tags(60_000, 60_000), [b"few"]))),
        "BMP": refusal(bmp((60_000, 60_000), 24, b"few")),
        "tile": refusal(tiff((tags(90, 60, compression=DEFLATE) | giant, [b"few"]))),
    }
    assert said == {
        "TIFF": "it has 60000 x 60000 = 3600.0 megapixels; allowed are 120: save it smaller",
        "BMP": "it has 60000 x 60000 = 3600.0 megapixels; allowed are 120: save it smaller",
        "tile": "its tiles have 60000 x 60000 pixels; allowed are 120 megapixels: "
        "save it without tiles",
    }


def pages(photo: Image.Image, **options: object) -> bytes:
    return saved(photo, "TIFF", save_all=True, append_images=[photo.rotate(180)], **options)


def raw_file(photo: Image.Image) -> bytes:
    return tiff_of(np.asarray(photo), more={254: (LONG, (1,)), 330: (LONG, (8,))})


def veiled(photo: Image.Image, format: str) -> bytes:
    half = photo.copy()
    half.putalpha(100)
    return saved(half, format)


def moving(photo: Image.Image, format: str) -> bytes:
    return saved(photo, format, save_all=True, append_images=[photo.rotate(180)])


def keyed(photo: Image.Image) -> bytes:
    colour = deep(photo)
    key = chunk(b"tRNS", colour[3, 3].astype(">u2").tobytes())
    return png((45, 30), 16, 2, colour.astype(">u2").tobytes(), key)


def numbers(photo: Image.Image, kind: str) -> bytes:
    sample = {"f": 3, "i": 2, "u": 1}[kind[0]]
    return tiff_of(deep(photo)[..., :1].astype(kind), BLACK_IS_ZERO, more={339: (SHORT, (sample,))})


PIXELS = "allowed are colour and greyscale with 8 or 16 bits a channel: save it as RGB"
UNREADABLE = "damaged or of a kind that cannot be read: save it as RGB with 8 or 16 bits a channel"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (pages, "it has several pages; allowed are single pictures: save one page"),
        (lambda p: pages(p, big_tiff=True), "it has several pages"),
        (raw_file, "it shows only a small preview of the photo inside"),
        (lambda p: veiled(p, "TIFF"), "it is partly transparent"),
        (lambda p: veiled(p, "PNG"), "it is partly transparent"),
        (lambda p: veiled(p, "WEBP"), "it is partly transparent"),
        (lambda p: with_masks(p, alpha=100), "it is partly transparent"),
        (lambda p: saved(p.quantize(99), "PNG", transparency=3), "it is partly transparent"),
        (keyed, "it has a transparent colour: put it on a background first"),
        (lambda p: moving(p, "WEBP"), "it is animated"),
        (lambda p: moving(p, "PNG"), "it is animated"),
        (lambda p: moving(p, "GIF"), "it is not a JPEG, PNG, WebP, TIFF or BMP picture"),
        (lambda p: numbers(p, "f4"), f"its pixels are 32-bit floating point; {PIXELS}"),
        (lambda p: numbers(p, "u4"), f"its pixels are 32-bit or signed integers; {PIXELS}"),
        (lambda p: numbers(p, "i2"), f"its pixels are 32-bit or signed integers; {PIXELS}"),
        (lambda p: numbers(p, "i1"), f"its pixels are 32-bit or signed integers; {PIXELS}"),
        (lambda p: numbers(p, "f8"), f"it is a TIFF that is {UNREADABLE}"),
        (lambda p: tiff_of(np.asarray(p), LAB), f"its pixels are Lab; {PIXELS}"),
        (lambda p: tiff_of(np.asarray(p.convert("CMYK")), CMYK), "CMYK without a colour profile"),
        (lambda p: saved(p, "TIFF", icc_profile=b"nonsense"), "its colour profile cannot be used"),
        (lambda p: saved(p, "TIFF")[:20], f"it is a TIFF that is {UNREADABLE}"),
        (lambda p: saved(p, "JPEG")[:4], f"it is a JPEG that is {UNREADABLE}"),
    ],
)
def test_what_is_not_taken_is_refused_in_one_sentence(photo, make: Make, said: str):
    text = refusal(make(photo))
    assert said in text
    assert "\n" not in text


def test_a_refusal_is_all_that_is_said(photo, caplog):
    channels = {277: (SHORT, (60_000,))}
    assert UNREADABLE in refusal(tiff_of(np.asarray(photo), more=channels))
    assert caplog.records == []


def test_a_path_is_refused_with_the_same_sentence_as_its_bytes(photo, tmp_path):
    path = tmp_path / "photo.tif"
    path.write_bytes(saved(photo, "TIFF")[:20])
    with pytest.raises(PhotoRefused, match="it is a TIFF that is damaged"):
        open_photo(path)


def test_a_preview_behind_the_photo_is_no_second_page(photo):
    small = np.asarray(photo.resize((9, 6)))
    main = (tags(90, 60), [np.asarray(photo).tobytes()])
    preview = (tags(9, 6) | {254: (LONG, (1,))}, [small.tobytes()])
    assert (opened(tiff(main, preview)) == np.asarray(photo)).all()
    # Nobody writes so many, and each costs time.
    assert "several pages" in refusal(tiff(main, *[preview] * 50))


def test_pages_that_lead_round_in_a_circle_end(photo):
    content = bytearray(saved(photo, "TIFF"))
    (at,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, at)
    struct.pack_into("<I", content, at + 2 + 12 * count, at)
    assert (opened(bytes(content)) == np.asarray(photo)).all()


def test_a_tag_with_too_many_numbers_is_harmless(photo):
    orientation = {274: (SHORT, (1, 1))}
    assert (opened(tiff_of(np.asarray(photo), more=orientation)) == np.asarray(photo)).all()


def test_a_tiff_whose_profile_lies_outside_the_file_is_refused(photo):
    # Pillow would skip the tag and show the colours wrong.
    content = bytearray(saved(photo, "TIFF", icc_profile=wide_profile().tobytes()))
    at = content.index(struct.pack("<HH", 34675, 7))
    struct.pack_into("<I", content, at + 4, len(content))
    assert "it is damaged: a part of it is missing" in refusal(bytes(content))


KINDS: dict[str, Make] = {
    "tiff": lambda p: saved(p, "TIFF", icc_profile=wide_profile().tobytes()),
    "tiff of 16 bits": lambda p: tiff_of(deep(p)),
    "tiff of 16-bit grey": lambda p: tiff_of(deep(p)[..., :1], BLACK_IS_ZERO),
    **{
        compression: lambda p, c=compression: saved(p, "TIFF", compression=c)
        for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    },
    "deflate, pixels last": lambda p: tiff_of(np.asarray(p), compression=DEFLATE),
    "bmp": lambda p: saved(p, "BMP"),
    "bmp palette": lambda p: saved(p.quantize(99), "BMP"),
    "bmp run lengths": run_lengths,
    "png": lambda p: saved(p, "PNG"),
    "webp": lambda p: saved(p, "WEBP"),
    "jpeg file": lambda p: saved(p, "JPEG"),
    "progressive": lambda p: saved(p, "JPEG", progressive=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_file_is_refused_or_whole_never_another_picture(photo, kind, capfd):
    content = KINDS[kind](photo)
    whole = opened(content)
    steps = range(0, len(content), max(1, len(content) // 60))
    results = [outcome(content[:length]) for length in steps]
    assert all(isinstance(result, str) or (result == whole).all() for result in results)
    assert sum(isinstance(result, str) for result in results) > 50
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_decoded_or_refused_and_nothing_else(photo, kind, capfd):
    """Random bytes, half of them where the structure is; no warning, no line of a decoder."""
    whole = KINDS[kind](photo)
    (directory,) = struct.unpack_from("<I", whole, 4) if whole.startswith(b"II*") else (0,)
    rng = random.Random(20261121)
    refused = 0
    for copy in range(300):
        content = bytearray(whole)
        first, last = (directory, directory + 200) if copy % 2 else (2, len(whole))
        for _byte in range(rng.randint(1, 4)):
            content[rng.randrange(first, min(last, len(whole)))] = rng.randrange(256)
        refused += isinstance(outcome(bytes(content)), str)
    assert refused
    assert capfd.readouterr() == ("", "")
