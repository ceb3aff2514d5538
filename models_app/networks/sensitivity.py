"""What each distortion does to a photo's score."""

from collections.abc import Iterator

from PIL import Image

from models_app.distortions.catalogue import Variant
from models_app.distortions.engine import display_sigma, render_variants
from models_app.distortions.geometry import GeometryError, short_size
from models_app.distortions.pictures import photo_to_tensor, tensor_to_image
from models_app.distortions.registry import PRESET, preset_get
from models_app.networks.building import Network
from models_app.networks.errors import PhotoUnusable
from models_app.networks.preprocessing import Preprocessing
from models_app.networks.scoring import Refused, Score, score


def photo_working(photo: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    """Return a photo in the size that its distortions are made in.

    Its shorter side is the network's own size and the filter is the network's, so that the
    network's resizing changes nothing of a distortion: not the grain of noise, nor the width of a
    blur.

    Parameters
    ----------
    photo
        Mode RGB, upright sRGB.

    Raises
    ------
    PhotoUnusable
        If it is too long for that.
    """
    try:
        height, width = short_size(photo.height, photo.width, preprocessing.resize)
    except GeometryError as error:
        raise PhotoUnusable(str(error)) from error
    how = Image.Resampling[preprocessing.interpolation.upper()]
    return photo.resize((width, height), how)


def variants_score(
    photo: Image.Image,
    network: Network,
    *,
    key: str,
    preset: str = PRESET,
    device: str = "cpu",
    batch_size: int = 8,
) -> Iterator[Score[Variant]]:
    """Score a photo's references and every level of every distortion, as they are rendered.

    Distortions that mix two photos are left out.

    Parameters
    ----------
    photo
        Mode RGB, upright sRGB.
    key
        What the photo is called where something is drawn at random, such as a hash of its file.
    preset
        Which distortions, and which levels of them.

    Raises
    ------
    PhotoUnusable
        If the photo is too long.
    NetworkError
        As `scoring.score`.
    """
    working = photo_working(photo, network.preprocessing)
    rendered = render_variants(
        photo_to_tensor(working),
        variants_wanted(preset),
        sigma=display_sigma(working.width),
        preset=preset,
        key=key,
        source=photo_to_tensor(photo),
    )
    pictures = (((name, level), tensor_to_image(picture)) for name, level, picture in rendered)
    for found in score(pictures, network, device=device, batch_size=batch_size):
        if isinstance(found, Refused):
            raise PhotoUnusable(found.reason)
        yield found


def variants_wanted(preset: str) -> list[Variant]:
    """Return what `variants_score` scores: all that needs no second photo."""
    chosen = preset_get(preset)
    return [each for each in chosen.variants if not chosen.needs_partner(each)]
