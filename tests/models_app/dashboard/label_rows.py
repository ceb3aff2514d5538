"""A label file of ten images in AVA's layout, one bad line, and photos of three of them."""

from pathlib import Path

from models_app.imaging import open_photo
from models_app.models import LabelSet
from models_app.services.labels import labels_import

# Everybody gave image 101 a 1, image 102 a 2, ...
AVA = "\n".join(
    f"{n} {100 + n} {' '.join('1' if k == n else '0' for k in range(1, 11))} 1 22 1396"
    for n in range(1, 11)
)


def ava_write(folder: Path) -> Path:
    path = folder / "AVA.txt"
    path.write_text(f"{AVA}\n11 111 1 2\n")
    return path


def images_make(folder: Path, photos: list[Path]) -> Path:
    images = folder / "images"
    images.mkdir()
    for number, path in enumerate(photos[:3], start=101):
        open_photo(path).resize((96, 64)).save(images / f"{number}.jpg")
    return images


def label_set_make(ava: Path, images: Path) -> LabelSet:
    made = labels_import("ava", ava, name="AVA ten", images=images).label_set
    assert made is not None
    return made
