"""Photo files that Pillow does not write: made here byte by byte from real pixels."""

import io
import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from models_app.imaging import PhotoRefused, open_photo

SHORT, LONG, UNDEFINED = 3, 4, 7
CODES = {SHORT: "H", LONG: "I", UNDEFINED: "B"}
RAW, DEFLATE = 1, 8
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, YCBCR, LAB = 0, 1, 2, 5, 6, 8

Tags = Mapping[int, tuple[int, Sequence[int]]]
Numbers = NDArray[np.integer] | NDArray[np.floating]


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def deep(photo: Image.Image) -> NDArray[np.uint16]:
    """A photo at half its size with 16 bits a channel, which averaging four pixels fills."""
    size = (photo.width // 2, photo.height // 2)
    bands = [band.convert("F").resize(size, Image.Resampling.BOX) for band in photo.split()]
    return (np.dstack([np.asarray(band) for band in bands]) * 257).round().astype(np.uint16)


def packed(values: NDArray[np.uint16], bits: int) -> bytes:
    """Rows of `bits`-bit numbers, each row filled up to a whole byte."""
    wide = np.unpackbits(values.astype(">u2").view(np.uint8).reshape(*values.shape, 2), axis=-1)
    return np.packbits(wide[..., 16 - bits :].reshape(len(values), -1), axis=1).tobytes()


def tags(
    width: int,
    height: int,
    bits: Sequence[int] = (8, 8, 8),
    photometric: int = RGB,
    compression: int = RAW,
) -> dict[int, tuple[int, Sequence[int]]]:
    return {
        256: (LONG, (width,)),
        257: (LONG, (height,)),
        258: (SHORT, bits),
        259: (SHORT, (compression,)),
        262: (SHORT, (photometric,)),
        277: (SHORT, (len(bits),)),
        278: (LONG, (height,)),
    }


def tiff(*pages: tuple[Tags, Sequence[bytes]], order: str = "<") -> bytes:
    """A TIFF of pages, each its tags and its strips; the strips come last."""
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    for number, (page, strips) in enumerate(pages, 1):
        sizes = [len(strip) for strip in strips]
        at = len(out) + len(_directory({**page, **_places([0] * len(sizes), sizes)}, order, 0, 0))
        places = [at + sum(sizes[:index]) for index in range(len(sizes))]
        # Directories begin at even places.
        end = at + sum(sizes) + sum(sizes) % 2
        following = end if number < len(pages) else 0
        out += _directory({**page, **_places(places, sizes)}, order, len(out), following)
        out += b"".join(strips) + b"\0" * (sum(sizes) % 2)
    return out


def _places(offsets: Sequence[int], sizes: Sequence[int]) -> Tags:
    return {273: (LONG, offsets), 279: (LONG, sizes)}


def _directory(page: Tags, order: str, at: int, following: int) -> bytes:
    entries, long_values = b"", b""
    values_at = at + 2 + 12 * len(page) + 4
    for tag, (kind, numbers) in sorted(page.items()):
        value = struct.pack(f"{order}{len(numbers)}{CODES[kind]}", *numbers)
        if len(value) > 4:
            place = struct.pack(order + "I", values_at + len(long_values))
            long_values += value + b"\0" * (len(value) % 2)
            value = place
        entries += struct.pack(order + "HHI", tag, kind, len(numbers)) + value.ljust(4, b"\0")
    count, after = struct.pack(order + "H", len(page)), struct.pack(order + "I", following)
    return count + entries + after + long_values


def tiff_of(
    pixels: Numbers,
    photometric: int = RGB,
    *,
    order: str = "<",
    compression: int = RAW,
    more: Tags | None = None,
) -> bytes:
    """A TIFF of one strip; the numbers' own type says how many bits a channel has."""
    height, width, channels = pixels.shape
    content = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    content = zlib.compress(content) if compression == DEFLATE else content
    bits = (pixels.dtype.itemsize * 8,) * channels
    page = tags(width, height, bits, photometric, compression) | dict(more or {})
    return tiff((page, [content]), order=order)


def png(size: tuple[int, int], bits: int, colour: int, content: bytes, extra: bytes = b"") -> bytes:
    """A PNG of rows as they are; `extra` is a whole chunk that comes before the pixels."""
    width, height = size
    row = len(content) // height if height else 0
    rows = b"".join(b"\0" + content[row * y : row * y + row] for y in range(height) if row)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bmp(
    size: tuple[int, int],
    bits: int,
    content: bytes,
    *,
    palette: bytes = b"",
    compression: int = 0,
    masks: Sequence[int] = (),
) -> bytes:
    """A BMP: rows from the bottom up, each filled up to four bytes."""
    masks_bytes = struct.pack(f"<{len(masks)}I", *masks)
    # With an alpha mask the header is the longer one that has room for it.
    length = 40 + (len(masks_bytes) if len(masks) == 4 else 0)
    start = 14 + 40 + len(masks_bytes) + len(palette)
    return (
        struct.pack("<2sIHHI", b"BM", start + len(content), 0, 0, start)
        + struct.pack("<IiiHHIIiiII", length, *size, 1, bits, compression, 0, 0, 0, 0, 0)
        + masks_bytes
        + palette
        + content
    )


def bmp_rows(rows: NDArray[np.uint8]) -> bytes:
    """Bytes of rows from the top down, as `bmp` wants them."""
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))[::-1].tobytes()


def wide_profile() -> ImageCms.ImageCmsProfile:
    """A matrix profile with wide primaries: sRGB's own, its colorant tags exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = {b"rXYZ": (0.7977, 0.2880, 0.0), b"gXYZ": (0.1352, 0.7119, 0.0),
                 b"bXYZ": (0.0313, 0.0001, 0.8249)}  # fmt: skip
    (count,) = struct.unpack_from(">I", data, 128)
    for index in range(count):
        tag, offset, _size = struct.unpack_from(">4sII", data, 132 + 12 * index)
        if tag in primaries:
            numbers = (round(value * 65536) for value in primaries[tag])
            struct.pack_into(">iii", data, offset + 8, *numbers)
    return ImageCms.ImageCmsProfile(io.BytesIO(bytes(data)))


def press_profile() -> bytes:
    """A CMYK profile of 16 measured patches (every ink on or off), each the ink's sRGB colour."""
    inks = np.indices((2, 2, 2, 2)).reshape(4, 16).T
    patches = (255 * (1 - inks[:, :3]) * (1 - inks[:, 3:])).astype(np.uint8)
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    lab = ImageCms.applyTransform(Image.fromarray(patches[None]), to_lab)
    # Pillow's a and b are signed; the profile's zero is 128.
    lab_bytes = (np.asarray(lab) ^ np.array([0, 128, 128], np.uint8)).tobytes()
    ramp = bytes(range(256))
    table = (
        struct.pack(">4s4xBBBx9i", b"mft1", 4, 3, 2, 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
        + ramp * 4
        + lab_bytes
        + ramp * 3
    )
    start = 128 + 4 + 12
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x3i48x",
        start + len(table), 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp", 63190, 65536, 54061,
    )  # fmt: skip
    return header + struct.pack(">I4sII", 1, b"A2B0", start, len(table)) + table


def five_bits(photo: Image.Image) -> bytes:
    pixels = np.asarray(photo).astype("<u2") >> 3
    words = (pixels[..., 0] << 10) | (pixels[..., 1] << 5) | pixels[..., 2]
    return bmp(photo.size, 16, bmp_rows(words.astype("<u2").view(np.uint8)))


def sixteen_colours(photo: Image.Image) -> bytes:
    few = photo.quantize(16)
    colours = np.asarray(few.getpalette()[:48]).reshape(16, 3)[:, ::-1]
    palette = np.pad(colours, ((0, 0), (0, 1))).astype(np.uint8).tobytes()
    rows = np.frombuffer(packed(np.asarray(few).astype(np.uint16), 4), np.uint8)
    return bmp(photo.size, 4, bmp_rows(rows.reshape(60, -1)), palette=palette)


def run_lengths(photo: Image.Image) -> bytes:
    few = photo.quantize(200)
    colours = np.asarray(few.getpalette() + [0] * 768)[:768].reshape(256, 3)[:, ::-1]
    palette = np.pad(colours, ((0, 0), (0, 1))).astype(np.uint8).tobytes()
    rows = np.asarray(few)[::-1]
    runs = b"".join(b"".join(bytes((1, index)) for index in row) + b"\0\0" for row in rows)
    return bmp(photo.size, 8, runs + b"\0\1", palette=palette, compression=1)


def with_masks(photo: Image.Image, alpha: int = 255) -> bytes:
    rgba = np.dstack([np.asarray(photo), np.full((60, 90), alpha, np.uint8)])
    masks = (0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    return bmp(photo.size, 32, bmp_rows(rgba.reshape(60, -1)), compression=3, masks=masks)


def opened(content: bytes) -> NDArray[np.int_]:
    """The pixels, as numbers that can be subtracted."""
    image = open_photo(io.BytesIO(content))
    assert (image.mode, image.info) == ("RGB", {})
    return np.asarray(image).astype(int)


def refusal(content: bytes) -> str:
    with pytest.raises(PhotoRefused) as refused:
        open_photo(io.BytesIO(content))
    return str(refused.value)


def outcome(content: bytes) -> NDArray[np.int_] | str:
    try:
        return opened(content)
    except PhotoRefused as reason:
        return str(reason)
