"""From a photo file to upright sRGB pixels; Pillow only (no Django, no torch)."""

import io
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageCms, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 100_000_000
MAX_PIXELS = 120_000_000
# 8-bit modes that become RGB without a loss that anybody could see in the pixels.
MODES = {"RGB", "RGBX", "L", "P", "PA", "LA", "RGBA", "CMYK"}

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


class PhotoRefused(ValueError):
    """A file that is not taken; the text is one sentence: what is wrong and what is allowed."""


def open_photo(
    source: Path | BinaryIO, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """Decode a JPEG, PNG or WebP to upright sRGB.

    EXIF orientation is applied, an embedded ICC profile is converted to sRGB (relative
    colorimetric with black-point compensation), and every piece of metadata is dropped.

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
    try:
        with Image.open(source, formats=FORMATS) as image:
            _check_header(image, max_pixels)
            image.load()
            return _upright_srgb(image)
    except PhotoRefused:
        raise
    except UnidentifiedImageError as error:
        raise PhotoRefused("it is not a JPEG, PNG or WebP picture: convert it to one") from error
    except Exception as error:
        raise PhotoRefused(f"it is damaged and cannot be decoded ({error})") from error


def _length(stream: BinaryIO) -> int:
    here = stream.tell()
    end = stream.seek(0, io.SEEK_END)
    stream.seek(here)
    return end


def _check_header(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise PhotoRefused(
            f"it has {width} x {height} = {width * height / 1e6:.1f} megapixels; "
            f"allowed are {max_pixels / 1e6:.0f}: save it smaller"
        )
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise PhotoRefused("it is animated; allowed are still pictures: save one frame")
    if image.mode not in MODES:
        raise PhotoRefused(
            f"its pixels are of type {image.mode}; allowed are 8-bit colour and greyscale: "
            "save it with 8 bits a channel"
        )
    if image.mode == "CMYK" and not image.info.get("icc_profile"):
        raise PhotoRefused("it is CMYK without a colour profile: convert it to sRGB")


def _upright_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    upright = _upright(image)
    if upright.mode in {"P", "PA", "LA", "RGBA"} or "transparency" in upright.info:
        rgba = upright.convert("RGBA")
        if rgba.getchannel("A").getextrema() != (255, 255):
            raise PhotoRefused("it is partly transparent: put it on a background first")
        upright = rgba.convert("RGB")
    if profile:
        upright = _to_srgb(upright, profile)
    rgb = upright.convert("RGB")
    # A new object: nothing of the file's metadata can travel on.
    clean = Image.new("RGB", rgb.size)
    clean.paste(rgb)
    return clean


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
