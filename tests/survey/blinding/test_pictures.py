"""Files taken apart, against Pillow's own reading and against bytes put together by hand."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from survey.blinding.pictures import PictureBroken, layout_read, picture_read
from tests.survey.blinding.leaks import with_comment, with_exif


@pytest.fixture(scope="module")
def photo(real_photos: list[Path]) -> Image.Image:
    with Image.open(real_photos[0]) as image:
        # Through an array: its colour profile would come along.
        return Image.fromarray(np.asarray(image.convert("RGB").resize((320, 240))))


def encoded(photo: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    photo.save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 4}])
def test_a_jpeg_ends_where_its_padding_begins(photo, options):
    body = encoded(photo, quality=95, **options)
    facts = picture_read(body + b"\0" * 77)
    assert facts.layout.end == len(body)
    assert (facts.padding, facts.padding_not_zero) == (77, 0)
    assert (facts.format, facts.width, facts.height, facts.mode) == ("JPEG", 320, 240, "RGB")
    assert facts.digest == picture_read(body).digest


def test_a_png_ends_where_its_padding_begins(photo):
    body = encoded(photo, "PNG")
    facts = picture_read(body + b"\0\0\3")
    assert facts.layout.end == len(body)
    assert (facts.padding, facts.padding_not_zero) == (3, 1)
    assert facts.layout.segments == "IHDR(13) IDAT IEND(0)"


def test_tables_are_those_that_pillow_reads(photo):
    """Equal tables, equal hash; another quality, another hash."""
    bodies = [encoded(photo, quality=quality) for quality in (90, 95, 95)]
    hashes = [layout_read(body).quantisation for body in bodies]
    tables = [Image.open(io.BytesIO(body)).quantization for body in bodies]
    assert (hashes[0] == hashes[1], hashes[1] == hashes[2]) == (False, True)
    assert (tables[0] == tables[1], tables[1] == tables[2]) == (False, True)


def test_sampling_belongs_to_the_frame_and_size_does_not(photo):
    full, half = encoded(photo, subsampling=0), encoded(photo, subsampling=2)
    small = encoded(photo.resize((160, 120)), subsampling=0)
    assert layout_read(full).frame == layout_read(small).frame != layout_read(half).frame


def test_metadata_is_found(photo):
    plain = encoded(photo, quality=95)
    read = [layout_read(body) for body in (plain, with_comment(plain), with_exif(plain))]
    assert len({layout.metadata for layout in read}) == 3
    assert "COM(8)" in read[1].segments
    assert "APP1" in read[2].segments
    # The thumbnail of an EXIF block ends with the marker that ends a picture.
    body = plain[:2] + b"\xff\xe1\x00\x08Ex\xff\xd9\0\0" + plain[2:]
    assert layout_read(body).end == len(body)


def test_fitted_huffman_tables_are_content_and_no_segment(photo):
    other = Image.fromarray(np.asarray(photo) // 2)
    a, b = (layout_read(encoded(each, optimize=True)) for each in (photo, other))
    assert a.huffman != b.huffman
    assert a.segments == b.segments


def test_colours_and_clipping_by_hand():
    half = np.zeros((8, 8, 3), np.uint8)
    half[:, :] = (9, 9, 9)
    half[:, 4:] = (255, 9, 9)
    facts = picture_read(encoded(Image.fromarray(half), "PNG"))
    assert (facts.colours, facts.clipped) == (2, 0.5)


def test_what_is_no_picture_is_refused(photo):
    body = encoded(photo)
    for broken in (b"", b"<html>", body[: len(body) // 2], encoded(photo, "PNG")[:-20]):
        with pytest.raises(PictureBroken):
            picture_read(broken)
    with pytest.raises(PictureBroken, match="end-of-image"):
        layout_read(body[:-2])
