"""Which photos labels are linked with where the dataset of their name has some already."""

from pathlib import Path

import pytest

from models_app.errors import DatasetError
from models_app.imaging import open_photo
from models_app.models import LabelSet, Photo
from models_app.selectors import labels as selectors
from models_app.services.datasets import photos_import
from models_app.services.labels import Imported, label_set_delete, labels_import

pytestmark = pytest.mark.django_db
SCALE = {"low": "1", "high": "10"}


@pytest.fixture
def photos(real_photos: list[Path]):
    return [open_photo(path).resize((160, 120)) for path in real_photos[:3]]


@pytest.fixture
def folder(tmp_path: Path, photos) -> Path:
    """Two photos, one of them again under another name."""
    right = tmp_path / "right"
    right.mkdir()
    for name, photo in {"1.png": 0, "2.png": 1, "3.png": 0}.items():
        photos[photo].save(right / name)
    return right


def label(folder: Path) -> Imported:
    path = folder.parent / "labels.csv"
    path.write_text("image,mean\n1.png,2\n2.png,4\n3.png,6\n")
    return labels_import("generic", path, name="three", images=folder, options=SCALE)


def test_another_picture_of_the_same_name_is_not_taken_for_it(folder: Path, photos):
    """The wrong folder first: what came of it stays in the dataset."""
    wrong = folder.parent / "wrong"
    wrong.mkdir()
    photos[2].save(wrong / "2.png")
    first = label(wrong).label_set
    assert first is not None
    label_set_delete(first, by=None)
    imported = label(folder)
    assert imported.label_set is not None
    linked = {each.name: each.photo for each in selectors.labels_of(imported.label_set)}
    assert linked["2.png"] is None
    assert linked["1.png"] == linked["3.png"] == Photo.objects.get(name="1.png")
    (unreadable,) = imported.report.unreadable
    assert unreadable.name == "2.png"
    assert "has another photo of this name" in unreadable.reason
    assert imported.report.found == 2


def test_the_right_folder_again_finds_every_photo(folder: Path):
    first = label(folder).label_set
    assert first is not None
    label_set_delete(first, by=None)
    imported = label(folder)
    assert (imported.report.found, Photo.objects.count()) == (3, 2)


def test_images_are_not_added_to_a_dataset_of_something_else(folder: Path, real_photos):
    photos_import("three", {real_photos[4]: "holiday.jpg"})
    with pytest.raises(DatasetError, match=r"not in this folder, such as holiday.jpg \(1 in all\)"):
        label(folder)
    assert [photo.name for photo in Photo.objects.all()] == ["holiday.jpg"]
    assert not LabelSet.objects.exists()
