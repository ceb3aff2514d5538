"""Label sets for tests of splits; labels of real photos carry their hashes."""

from collections.abc import Iterable
from pathlib import Path

from django.core.files.storage import default_storage
from PIL import Image

from models_app.imaging import open_photo
from models_app.models import Label, LabelSet, Photo
from models_app.splits.perceptual import perceptual_hash
from tests.findings import photos_make


def labels_make(name: str, labels: Iterable[Label], **values: object) -> LabelSet:
    """Store unsaved labels, which need a name and a mean, as a set of AVA's scale."""
    fields = {"kind": "ava", "scale_low": 1, "scale_high": 10, "bins": 10, **values}
    made = LabelSet.objects.create(name=name, **fields)
    labels = list(labels)
    for label in labels:
        label.label_set = made
    Label.objects.bulk_create(labels, batch_size=5000)
    return made


def names_make(name: str, names: Iterable[str], **values: object) -> LabelSet:
    """A set of labels without photos."""
    return labels_make(name, [Label(name=each, mean=5.0) for each in names], **values)


def photos_label(name: str, parts: dict[Path, str]) -> LabelSet:
    """A set of real photos, each said to be of a part; its dataset has the set's name."""
    dataset = photos_make(list(parts), name)
    photos = {photo.name: photo for photo in dataset.photos.all()}
    return labels_make(
        name,
        [photo_label(photos[path.name], part) for path, part in parts.items()],
        dataset=dataset,
    )


def photo_label(photo: Photo, part: str = "", name: str = "") -> Label:
    with default_storage.open(photo.file) as file:
        looks = perceptual_hash(open_photo(file))
    return Label(
        name=name or photo.name, mean=5.0, photo=photo, part=part, perceptual_hash=f"{looks:016x}"
    )


def copy_make(folder: Path, photo: Path) -> Path:
    """The same photo once more: half its size, as a JPEG of quality 75."""
    image = open_photo(photo)
    path = folder / f"copy-of-{photo.stem}.jpg"
    half = (image.width // 2, image.height // 2)
    image.resize(half, Image.Resampling.LANCZOS).save(path, quality=75)
    return path
