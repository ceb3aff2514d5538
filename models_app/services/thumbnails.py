"""Small pictures of photos for pages: made when first asked for, then kept in the storage."""

import io
from collections.abc import Iterator

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from models_app.imaging import open_photo
from models_app.models import Photo

FOLDER = "thumbs"
# Pixels of the longer side: in a grid, and alone on a page.
SIDES = (320, 960)
QUALITY = 85
START, END = b"\xff\xd8", b"\xff\xd9"


def thumb_name(pixels: str, side: int) -> str:
    """Return the stored name; the same pixels in two datasets share a file."""
    return f"{FOLDER}/{pixels[:2]}/{pixels}-{side}.jpg"


def thumb_names(pixels: str) -> Iterator[str]:
    return (thumb_name(pixels, side) for side in SIDES)


def thumb_size(photo: Photo, side: int) -> tuple[int, int]:
    """Return the width and height that a thumbnail has; never larger than its photo."""
    scale = min(1.0, side / max(photo.width, photo.height))
    return max(1, round(photo.width * scale)), max(1, round(photo.height * scale))


def thumb_read(photo: Photo, side: int) -> bytes:
    """Return a photo's thumbnail as a JPEG without metadata, made now if there is none.

    A file that another request is still writing, or that a crash cut short, is made again, so
    that two requests at once both get a whole picture and leave one. Raises FileNotFoundError
    where the photo's file is gone, PhotoRefused where it cannot be decoded (any more).
    """
    name = thumb_name(photo.pixel_sha256, side)
    try:
        with default_storage.open(name, "rb") as file:
            content = bytes(file.read())
        if content.startswith(START) and content.endswith(END):
            return content
        default_storage.delete(name)
    except FileNotFoundError:
        pass
    content = _make(photo, side)
    stored = default_storage.save(name, ContentFile(content))
    if stored != name:
        # Another request was faster, and the storage chose another name for this one.
        default_storage.delete(stored)
    return content


def _make(photo: Photo, side: int) -> bytes:
    image = photo_image(photo)
    size = thumb_size(photo, side)
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def photo_image(photo: Photo) -> Image.Image:
    """Decode a stored photo under the caps of an import. Raises as `thumb_read`."""
    with default_storage.open(photo.file, "rb") as file:
        return open_photo(
            io.BytesIO(file.read()),
            max_bytes=settings.PHOTO_MAX_BYTES,
            max_pixels=settings.PHOTO_MAX_PIXELS,
        )
