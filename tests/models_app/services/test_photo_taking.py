"""One photo and another importer at the same moment."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from django.db import OperationalError, transaction

from models_app.files import files_below
from models_app.imaging import PhotoRefused, open_photo
from models_app.models import Dataset, Photo
from models_app.services.photo_taking import About, Look, photo_look, photo_take, pixels_hash
from tests.factories import file_read

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    return Dataset.objects.create(name="d")


@pytest.fixture
def look(real_photos: list[Path]) -> Look:
    return photo_look(real_photos[2].read_bytes(), ())


def others_first(dataset: Dataset, name: str, pixels: str):
    """Another importer's row, written between our look and ours."""

    @contextmanager
    def saving() -> Iterator[None]:
        Photo.objects.create(
            dataset=dataset, name=name, file="x", pixel_sha256=pixels, width=1, height=1
        )
        with transaction.atomic():
            yield

    return saving


def test_the_hash_is_that_of_all_pixels_at_once(real_photos: list[Path]):
    for path in real_photos[:3]:
        image = open_photo(path)
        shape = f"{image.width}x{image.height}:".encode()
        assert pixels_hash(image) == hashlib.sha256(shape + image.tobytes()).hexdigest()


def test_a_photo_that_another_importer_took_meanwhile_is_known(dataset: Dataset, look: Look):
    before = set(files_below("photos"))
    saving = others_first(dataset, "theirs.png", look.pixel_sha256)
    photo, new = photo_take(dataset, look, ["a.png"], About(), suffix=".png", saving=saving)
    assert (photo.name, new) == ("theirs.png", False)
    assert set(files_below("photos")) == before


def test_a_name_that_another_importer_took_meanwhile_is_refused(dataset: Dataset, look: Look):
    before = set(files_below("photos"))
    saving = others_first(dataset, "a.png", "other")
    with pytest.raises(PhotoRefused, match="another import took its name"):
        photo_take(dataset, look, ["a.png"], About(), suffix=".png", saving=saving)
    assert set(files_below("photos")) == before


def test_a_photo_that_is_deleted_meanwhile_is_not_stored_without_its_pixels(
    dataset: Dataset, real_photos: list[Path]
):
    content = real_photos[2].read_bytes()
    known = photo_look(content, {hashlib.sha256(content).hexdigest()})
    with pytest.raises(PhotoRefused, match="was deleted a moment ago"):
        photo_take(dataset, known, ["a.png"], About(), suffix=".png")
    assert not Photo.objects.exists()


def test_a_note_that_fails_leaves_neither_row_nor_file(dataset: Dataset, look: Look):
    before = set(files_below("photos"))

    def note(_photo: Photo) -> None:
        raise RuntimeError("the lease is lost")

    with pytest.raises(RuntimeError):
        photo_take(dataset, look, ["a.png"], About(), suffix=".png", note=note)
    assert set(files_below("photos")) == before
    assert not Photo.objects.exists()


@pytest.mark.parametrize("error", [OperationalError, KeyboardInterrupt])
def test_a_row_that_was_written_before_something_went_wrong_keeps_its_file(
    dataset: Dataset, look: Look, error: type[BaseException]
):
    @contextmanager
    def saving() -> Iterator[None]:
        with transaction.atomic():
            yield
        raise error("the connection broke, or Ctrl-C, just after the commit")

    with pytest.raises(error):
        photo_take(dataset, look, ["a.png"], About(), suffix=".png", saving=saving)
    assert file_read(Photo.objects.get().file) == look.content


def test_a_file_stays_for_a_clean_up_where_the_database_cannot_say_whether_it_is_named(
    dataset: Dataset, look: Look
):
    before = set(files_below("photos"))

    def note(_photo: Photo) -> None:
        transaction.set_rollback(True)
        raise RuntimeError("the transaction is broken, and answers no more")

    with transaction.atomic(), pytest.raises(RuntimeError):
        photo_take(dataset, look, ["a.png"], About(), suffix=".png", saving=nullcontext, note=note)
    assert not Photo.objects.exists()
    assert len(set(files_below("photos")) - before) == 1
