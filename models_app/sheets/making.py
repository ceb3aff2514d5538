"""From a photo to its family of pictures; runs on a worker, or in a command."""

import math

from PIL import Image

from models_app.distortions.catalogue import Variant
from models_app.distortions.registry import preset_get
from models_app.errors import SheetError
from models_app.imaging import PhotoRefused
from models_app.models import Photo
from models_app.rendering import photo_open
from models_app.sheets.drawing import Strips, strips_draw
from models_app.sheets.rows import groups_make

Box = tuple[int, int, int, int]


def family_make(
    photo: Photo, *, preset: str, partner: Photo | None = None
) -> dict[Variant, Image.Image]:
    """Render a photo at every level of a preset, in the size that networks see.

    Black bars beside photos that are not square are cut off. Without a partner, distortions that
    mix two photos are missing. Torch is imported here, and nowhere near the web process. Raises
    SheetError for a photo that cannot be read or does not fit.
    """
    from models_app.distortions.engine import SIDE, render_family
    from models_app.distortions.geometry import GeometryError, short_size
    from models_app.distortions.pictures import photo_to_tensor, tensor_to_image

    chosen = preset_get(preset)
    image = _image(photo)
    other = None if partner is None else _image(partner)
    variants = [v for v in chosen.variants if partner or not chosen.needs_partner(v)]
    try:
        height, width = short_size(image.height, image.width, SIDE)
        family = render_family(
            photo_to_tensor(image),
            key=photo.file_sha256,
            preset=preset,
            variants=variants,
            partner=None if other is None else photo_to_tensor(other),
        )
    except GeometryError as error:
        raise SheetError(f"{photo.name}: {error}") from error
    pictures = [tensor_to_image(picture) for picture in family]
    if chosen.geometry == "square":
        box = content_box(width, height, SIDE)
        pictures = [picture.crop(box) for picture in pictures]
    return dict(zip(variants, pictures, strict=True))


def strips_make(photo: Photo, *, preset: str, partner: Photo | None = None) -> Strips:
    """Render a photo's family as strips. Raises SheetError as `family_make` does."""
    pictures = family_make(photo, preset=preset, partner=partner)
    return strips_draw(groups_make(preset, without=unmixed(preset, partner)), pictures)


def unmixed(preset: str, partner: Photo | None) -> set[str]:
    """Return the keys of distortions that cannot be rendered for want of another photo."""
    entries = preset_get(preset).distortions.values()
    return {entry.key for entry in entries if entry.mixes and partner is None}


def content_box(width: int, height: int, side: int) -> Box:
    """Where a photo of this size lies on its square, without the pixels that bars shine into."""
    scale = max(width, height) / side
    across, down = _span(width, scale, side), _span(height, scale, side)
    return across[0], down[0], across[1], down[1]


def _span(content: int, scale: float, side: int) -> tuple[int, int]:
    if content >= side * scale:
        return 0, side
    first = (side * scale - content) // 2
    # A picture pixel mixes what lies up to one pixel beside it, and crops may be a pixel short.
    start, stop = math.ceil(first / scale + 1), math.floor((first + content) / scale - 1)
    # Of a very long photo a line is left.
    return min(start, side // 2), max(stop, side // 2 + 1)


def _image(photo: Photo) -> Image.Image:
    try:
        return photo_open(photo)
    except FileNotFoundError as error:
        raise SheetError(
            f"{photo.name}: its stored file {photo.file} is missing; put it back from a backup "
            "of the media folder."
        ) from error
    except OSError as error:
        raise SheetError(
            f"{photo.name}: its stored file cannot be read ({error.strerror})."
        ) from error
    except PhotoRefused as error:
        raise SheetError(f"{photo.name}: {error}") from error
