"""From a claimed photo to stored stimulus files; runs on a worker."""

import io
from collections.abc import Iterator

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image

from models_app.files import file_store
from models_app.imaging import PhotoRefused, open_photo
from models_app.models import Photo, Rendition
from models_app.services.renditions import ORIGINAL, Work

State = Rendition.State
SUFFIX = {"jpeg": ".jpg", "png": ".png"}


def work_render(work: Work) -> Iterator[Rendition]:
    """Yield each rendition of a claimed photo when its file is stored (or it failed).

    Torch is imported here, in the worker, and nowhere near the web process.
    """
    from models_app.distortions.engine import display_sigma, render_variants
    from models_app.distortions.pictures import photo_to_tensor, tensor_to_image

    first = work.renditions[0]
    try:
        image = display_image(photo_open(work.photo), first.long_side)
    except (PhotoRefused, FileNotFoundError) as error:
        missing = _("its stored file is missing; put it back from a backup")
        reason = str(error) if isinstance(error, PhotoRefused) else missing
        for rendition in work.renditions:
            rendition.state, rendition.error = State.FAILED, reason[:255]
            yield rendition
        return
    by_key = {(r.distortion, r.level): r for r in work.renditions}
    encoded = encode(image, first.encoding)
    if (original := by_key.pop((ORIGINAL, ""), None)) is not None:
        yield _stored(original, encoded, image.size)
    photo = photo_to_tensor(image)
    variants = render_variants(
        photo,
        list(by_key),
        sigma=display_sigma(image.width),
        preset=first.preset,
        key=work.photo.file_sha256,
    )
    for distortion, level, pixels in variants:
        rendition = by_key[distortion, level]
        content = encode(tensor_to_image(pixels), rendition.encoding)
        # A grey photo without its saturation is the same photo, and so is one whose difference
        # the encoder drops: the same file, which nobody can prefer.
        if content == encoded:
            rendition.state = State.IDENTICAL
            yield rendition
        else:
            yield _stored(rendition, content, image.size)


def photo_open(photo: Photo) -> Image.Image:
    with default_storage.open(photo.file, "rb") as file:
        return open_photo(
            io.BytesIO(file.read()),
            max_bytes=settings.PHOTO_MAX_BYTES,
            max_pixels=settings.PHOTO_MAX_PIXELS,
        )


def display_image(image: Image.Image, long_side: int) -> Image.Image:
    """Resize so that the longer side has at most `long_side` pixels; never enlarge."""
    scale = long_side / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def encode(image: Image.Image, encoding: str) -> bytes:
    """Encode either side of a pair the same way, without metadata."""
    # Pillow writes what it finds here (a JPEG's comment, for one) into the new file.
    image = image.copy()
    image.info = {}
    out = io.BytesIO()
    if encoding == "png":
        image.save(out, "PNG", compress_level=1)
    else:
        # 4:4:4: halving the chroma resolution would soften just what colour filters change.
        image.save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue()


def _stored(rendition: Rendition, content: bytes, size: tuple[int, int]) -> Rendition:
    # A random name: nothing in it tells what the file shows.
    rendition.file = file_store("stimuli", SUFFIX[rendition.encoding], content)
    rendition.width, rendition.height = size
    rendition.bytes = len(content)
    rendition.state = State.READY
    return rendition
