"""From a photo file to upright sRGB pixels; Pillow only (no Django, no torch)."""

import contextlib
import ctypes
import io
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageCms, TiffImagePlugin, UnidentifiedImageError, _imaging
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
# What their files are called, and how a sentence lists them.
SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
FORMATS_TEXT = "JPEG, PNG, WebP, TIFF or BMP"
# How such a file begins; it tells "none of these" from "one of these, but unreadable".
SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"BM": "BMP",
}
MAX_BYTES = 100_000_000
MAX_PIXELS = 120_000_000
# Modes that become RGB without a loss that anybody could see in the pixels. Of 16-bit colour
# Pillow keeps the high byte, which is less than a level away from the exact value.
MODES = {"1", "RGB", "RGBX", "L", "P", "PA", "LA", "RGBA", "CMYK", "I;16", "I;16B"}
# What a photographer's program calls the others.
OTHER_PIXELS = {
    "F": "32-bit floating point",
    "I": "32-bit or signed integers",
    "LAB": "Lab",
    "La": "grey with premultiplied alpha",
}

# TIFF 6.0: the tags that decide how its pixels are meant.
NEW_SUBFILE_TYPE = 254
BITS_PER_SAMPLE = 258
PHOTOMETRIC = 262
TILE_WIDTH = 322
TILE_LENGTH = 323
SUB_IFDS = 330
SAMPLE_FORMAT = 339
# More than one program writes; a chain of pages can be made endless.
PREVIEWS_MOST = 8

# EXIF 2.32, table 4: what undoes each value of the tag.
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Our own cap is looked at before decoding; Pillow's, meant for programs without one, only warns.
Image.MAX_IMAGE_PIXELS = None
# Pillow's own reader of uncompressed TIFF decodes 16-bit colours in separate planes to noise and
# does not know subsampled YCbCr; libtiff, which reads the compressed ones anyway, does both right.
TiffImagePlugin.READ_LIBTIFF = True
# Whoever imports gets a sentence about a damaged TIFF, not lines of a decoder between them:
# Pillow's log of it, and what libtiff writes to stderr itself. (Where libtiff is linked so that
# its symbols are hidden, it goes on writing; nothing else changes.)
logging.getLogger("PIL.TiffImagePlugin").disabled = True
with contextlib.suppress(OSError, AttributeError):
    ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


class PhotoRefused(ValueError):
    """A file that is not taken; the text is one sentence: what is wrong and what is allowed."""


def open_photo(
    source: Path | BinaryIO, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """Decode a JPEG, PNG, WebP, TIFF or BMP to upright sRGB.

    EXIF orientation is applied, an embedded ICC profile is converted to sRGB (relative
    colorimetric with black-point compensation), 16 bits a channel become 8, and every piece of
    metadata is dropped.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, 8 bit, with an empty `info`.

    Raises
    ------
    PhotoRefused
        With one sentence, before decoding where size is the reason.
    """
    size = source.stat().st_size if isinstance(source, Path) else _length(source)
    if size > max_bytes:
        raise PhotoRefused(
            f"it has {size / 1e6:.1f} MB; allowed are {max_bytes / 1e6:.0f} MB: save it smaller"
        )
    # Pillow warns of odd metadata, which is no reason to lose the photo or to alarm anybody.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            with Image.open(source, formats=FORMATS) as image:
                _check_header(image, max_pixels)
                _check_tags(image, caught)
                image.load()
                return _upright_srgb(image)
        except PhotoRefused:
            raise
        except UnidentifiedImageError as error:
            raise PhotoRefused(_unidentified(source)) from error
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise PhotoRefused(
                f"it is damaged and cannot be decoded ({reason}): copy or export it again"
            ) from error


def _length(stream: BinaryIO) -> int:
    here = stream.tell()
    end = stream.seek(0, io.SEEK_END)
    stream.seek(here)
    return end


def _unidentified(source: Path | BinaryIO) -> str:
    if isinstance(source, Path):
        with source.open("rb") as file:
            start = file.read(4)
    else:
        source.seek(0)
        start = source.read(4)
    for signature, name in SIGNATURES.items():
        if start.startswith(signature):
            return (
                f"it is a {name} that is damaged or of a kind that cannot be read: "
                "save it as RGB with 8 or 16 bits a channel"
            )
    return f"it is not a {FORMATS_TEXT} picture: convert it to one"


def _check_header(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise PhotoRefused(
            f"it has {width} x {height} = {width * height / 1e6:.1f} megapixels; "
            f"allowed are {max_pixels / 1e6:.0f}: save it smaller"
        )
    if isinstance(image, TiffImageFile):
        _check_tiff(image, max_pixels)
    elif getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise PhotoRefused("it is animated; allowed are still pictures: save one frame")
    if image.mode not in MODES:
        raise _other_pixels(OTHER_PIXELS.get(image.mode, f"of type {image.mode}"))
    if image.mode == "CMYK" and not image.info.get("icc_profile"):
        raise PhotoRefused("it is CMYK without a colour profile: convert it to sRGB")


def _other_pixels(kind: str) -> PhotoRefused:
    return PhotoRefused(
        f"its pixels are {kind}; allowed are colour and greyscale with 8 or 16 bits a channel: "
        "save it as RGB"
    )


def _check_tiff(image: TiffImageFile, max_pixels: int) -> None:
    tags = image.tag_v2
    # A tile is decoded whole, however little of it the picture shows.
    tile_width, tile_length = tags.get(TILE_WIDTH, 1), tags.get(TILE_LENGTH, 1)
    if tile_width * tile_length > max_pixels:
        raise PhotoRefused(
            f"its tiles have {tile_width} x {tile_length} pixels; allowed are "
            f"{max_pixels / 1e6:.0f} megapixels: save it without tiles"
        )
    if _is_preview(tags) and SUB_IFDS in tags:
        raise PhotoRefused(
            "it shows only a small preview of the photo inside (a camera's raw file does so): "
            "export the photo itself"
        )
    if _more_pages(image):
        raise PhotoRefused("it has several pages; allowed are single pictures: save one page")
    # Pillow reads signed bytes as if they were unsigned.
    if 2 in tags.get(SAMPLE_FORMAT, ()):
        raise _other_pixels(OTHER_PIXELS["I"])


def _is_preview(tags: ImageFileDirectory_v2) -> bool:
    return bool(tags.get(NEW_SUBFILE_TYPE, 0) & 1)


def _more_pages(image: TiffImageFile) -> bool:
    """Tell whether pages follow; small previews of the first, which editors add, are none."""
    file = image.fp
    if file is None:
        return False
    file.seek(0)
    header = file.read(16)
    page = ImageFileDirectory_v2(header if header[2] == 43 else header[:8])
    seen, following = {image.tag_v2.offset}, image.tag_v2.next
    while following and following not in seen and len(seen) <= PREVIEWS_MOST:
        file.seek(following)
        page.load(file)
        if not _is_preview(page):
            return True
        seen.add(following)
        following = page.next
    return len(seen) > PREVIEWS_MOST


def _check_tags(image: Image.Image, caught: Sequence[warnings.WarningMessage]) -> None:
    """Refuse a TIFF of which Pillow skipped a tag: it may be the profile, or half the strips."""
    if not isinstance(image, TiffImageFile):
        return
    for warning in caught:
        text = str(warning.message)
        # A tag with more numbers than it should have is common and harmless; what is no
        # UserWarning is not Pillow's word on the file.
        if warning.category is UserWarning and not text.startswith("Metadata Warning"):
            raise PhotoRefused(
                f"it is damaged: a part of it is missing ({text}): copy or export it again"
            )


def _upright_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    upright = _eight_bits(_upright(image), image)
    if upright.mode in {"P", "PA", "LA", "RGBA"}:
        rgba = upright.convert("RGBA")
        if rgba.getchannel("A").getextrema() != (255, 255):
            raise PhotoRefused("it is partly transparent: put it on a background first")
        upright = rgba.convert("RGB")
    elif "transparency" in upright.info:
        # The colour is given in the file's own bits a channel, which Pillow has changed by now.
        raise PhotoRefused("it has a transparent colour: put it on a background first")
    if profile:
        upright = _to_srgb(upright, profile)
    rgb = upright.convert("RGB")
    # A new object: nothing of the file's metadata can travel on.
    clean = Image.new("RGB", rgb.size)
    clean.paste(rgb)
    return clean


def _eight_bits(pixels: Image.Image, image: Image.Image) -> Image.Image:
    """Spread 1-bit pixels to 0 and 255, and scale 16-bit grey; other modes stay.

    Pillow's own conversion of 16-bit grey clips everything above 255 to white, knows nothing of
    12 bits in a 16-bit mode, and shows a TIFF whose zero is white as a negative.
    """
    if pixels.mode == "1":
        return pixels.convert("L")
    if pixels.mode not in {"I;16", "I;16B"}:
        return pixels
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
    most = 2 ** tags.get(BITS_PER_SAMPLE, (16,))[0] - 1
    table = [min(255, (2 * 255 * value + most) // (2 * most)) for value in range(65536)]
    if tags.get(PHOTOMETRIC) == 0:
        table = [255 - value for value in table]
    return pixels.convert("I").point(table, "L")


def _upright(image: Image.Image) -> Image.Image:
    """Turn by the orientation tag alone: rewriting odd EXIF, as Pillow's helper does, can fail."""
    try:
        orientation = image.getexif().get(ORIENTATION)
    except Exception:  # noqa: BLE001 - damaged metadata is no reason to lose the photo
        orientation = None
    turn = TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        # Programs leave an RGB profile in a file that they turned grey, and the reverse.
        wanted = {"RGB": "RGB", "GRAY": "L"}.get(source.profile.xcolor_space.strip(), image.mode)
        if image.mode != wanted and image.mode in {"RGB", "L"}:
            image = image.convert(wanted)
        converted = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError) as error:
        raise PhotoRefused(
            f"its colour profile cannot be used ({error}): convert the photo to sRGB"
        ) from error
    if converted is None:
        raise PhotoRefused("its colour profile cannot be used: convert the photo to sRGB")
    return converted
