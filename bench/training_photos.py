"""Photos that a benchmark trains on."""

from hashlib import sha256

from PIL import Image

from models_app.training.data import Photos
from tests.models_app.distortions.make_golden import demo_photo

NAMES = ("coffee", "astronaut", "chelsea", "rocket", "china", "flower")
MANY = 2048


class DemoPhotos:
    """The photos that lie inside packages."""

    def __len__(self) -> int:
        return len(NAMES)

    def name(self, index: int) -> str:
        return NAMES[index]

    def key(self, index: int) -> str:
        return sha256(NAMES[index].encode()).hexdigest()

    def open(self, index: int) -> Image.Image:
        return demo_photo(NAMES[index])


class Repeated:
    """A few photos under many keys: each is decoded and rendered as if it were another one."""

    def __init__(self, photos: Photos, many: int = MANY) -> None:
        self._photos = photos
        self._keys = [sha256(f"photo {index}".encode()).hexdigest() for index in range(many)]

    def __len__(self) -> int:
        return len(self._keys)

    def name(self, index: int) -> str:
        return f"{index} {self._photos.name(index % len(self._photos))}"

    def key(self, index: int) -> str:
        return self._keys[index]

    def open(self, index: int) -> Image.Image:
        return self._photos.open(index % len(self._photos))
