"""Seven real photos that lie inside packages which are installed anyway: no download."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from models_app.errors import DatasetError


@dataclass(frozen=True, slots=True)
class DemoPhoto:
    package: str
    path: str
    credit: str


PHOTOS = (
    DemoPhoto("skimage", "data/astronaut.png", "Eileen Collins; NASA, public domain"),
    DemoPhoto("skimage", "data/chelsea.png", "Chelsea the cat; Stefan van der Walt, CC0"),
    DemoPhoto("skimage", "data/coffee.png", "Coffee cup; Rachel Michetti, CC0"),
    DemoPhoto("skimage", "data/rocket.jpg", "Falcon 9 launch; SpaceX, public domain"),
    DemoPhoto(
        "skimage",
        "data/motorcycle_left.png",
        "Motorcycle; Middlebury 2014 stereo benchmark, Nesic, Scharstein and others",
    ),
    DemoPhoto(
        "sklearn",
        "datasets/images/china.jpg",
        "Summer Palace, Beijing; danielbuechele on Flickr, CC BY 2.0",
    ),
    DemoPhoto("sklearn", "datasets/images/flower.jpg", "Dahlia; vultilion on Flickr, CC BY 2.0"),
)


def demo_photos() -> dict[Path, str]:
    """Path -> credit; the packages are found, not imported (that would take seconds)."""
    return {_folder(photo.package) / photo.path: photo.credit for photo in PHOTOS}


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise DatasetError(
            f"The demo photos need the package {package}; install requirements.txt, or give "
            "photos of your own with --photos FOLDER."
        )
    return Path(spec.origin).parent
