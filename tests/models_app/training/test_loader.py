"""Batches of photos: their order, what is left out, and threads."""

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image

from models_app.distortions.pictures import photo_to_tensor
from models_app.imaging import open_photo
from models_app.training.data import Unreadable
from models_app.training.errors import PhotosUnusable
from models_app.training.folder import FolderPhotos
from models_app.training.loader import Batch, Loader


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def folder(tmp_path: Path, real_photos: list[Path]) -> Path:
    """Seven real photos, made small once."""
    for number, path in enumerate(real_photos):
        photo = open_photo(path)
        photo.thumbnail((96, 96))
        photo.save(tmp_path / f"{number}.png")
    return tmp_path


def loader(photos: FolderPhotos, indices: Sequence[int] | None = None, **options: object) -> Loader:
    settings = {
        "photos_per_batch": 3,
        "seed": 1,
        "decoders": 2,
        "unreadable": Unreadable(len(photos), 1.0),
    }
    chosen = range(len(photos)) if indices is None else indices
    return Loader(photos, chosen, **settings | options)


def names(batches: Iterator[Batch]) -> list[list[str]]:
    return [batch.names for batch in batches]


def test_an_epoch_has_every_photo_once_and_the_last_batch_is_smaller(folder: Path):
    photos = FolderPhotos(folder)
    batches = list(loader(photos).epoch(0))
    assert [len(batch) for batch in batches] == [3, 3, 1]
    assert [batch.number for batch in batches] == [0, 1, 2]
    assert [batch.places for batch in batches] == [[0, 1, 2], [0, 1, 2], [0]]
    found = {name for batch in batches for name in batch.names}
    assert found == {photos.name(i) for i in range(7)}
    by_name = {photos.name(i): i for i in range(7)}
    for batch in batches:
        assert batch.waited >= 0
        for name, key, photo in zip(batch.names, batch.keys, batch.photos, strict=True):
            assert key == photos.key(by_name[name])
            assert torch.equal(photo, photo_to_tensor(open_photo(folder / name)))


def test_the_order_depends_on_seed_and_epoch_alone(folder: Path):
    photos = FolderPhotos(folder)
    first = names(loader(photos).epoch(3))
    assert names(loader(photos, range(6, -1, -1), decoders=5).epoch(3)) == first
    assert names(loader(photos).epoch(4)) != first
    assert names(loader(photos, seed=2).epoch(3)) != first


def test_the_order_does_not_depend_on_names(folder: Path, tmp_path: Path):
    photos = FolderPhotos(folder)
    first = [batch.keys for batch in loader(photos).epoch(0)]
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for number in range(7):
        shutil.copy(folder / f"{number}.png", renamed / f"{9 - number}.png")
    assert [batch.keys for batch in loader(FolderPhotos(renamed)).epoch(0)] == first


def test_without_a_seed_photos_come_in_their_order(folder: Path):
    batches = loader(FolderPhotos(folder), [4, 2, 0, 1], seed=None).epoch(8)
    assert names(batches) == [["4.png", "2.png", "0.png"], ["1.png"]]


def test_it_goes_on_from_any_batch(folder: Path):
    whole = names(loader(FolderPhotos(folder)).epoch(0))
    for first in range(4):
        assert names(loader(FolderPhotos(folder)).epoch(0, first=first)) == whole[first:]


@pytest.mark.parametrize("processes", [2, 3, 4])
def test_processes_share_each_batch(folder: Path, processes: int):
    photos = FolderPhotos(folder)
    whole = list(loader(photos).epoch(1))
    parts = [
        list(loader(photos, rank=rank, processes=processes).epoch(1)) for rank in range(processes)
    ]
    # All get as many batches, or they would wait for each other for ever.
    assert {len(part) for part in parts} == {3}
    for number, batch in enumerate(whole):
        joined = {
            place: name
            for part in parts
            for place, name in zip(part[number].places, part[number].names, strict=True)
        }
        assert [joined[place] for place in sorted(joined)] == batch.names


def damage(folder: Path, *numbers: int) -> None:
    for number in numbers:
        path = folder / f"{number}.png"
        path.write_bytes(path.read_bytes()[:300])


def test_unreadable_photos_are_left_out_and_told_once(folder: Path):
    damage(folder, 2)
    photos = FolderPhotos(folder)
    told: list[tuple[str, str]] = []
    unreadable = Unreadable(7, 0.1, report=lambda name, reason: told.append((name, reason)))
    batches = loader(photos, unreadable=unreadable)
    for epoch in range(3):
        found = list(batches.epoch(epoch))
        assert sum(map(len, found)) == 6
        assert all("2.png" not in batch.names for batch in found)
    assert [name for name, _reason in told] == ["2.png"]
    assert "damaged" in told[0][1]


def test_places_stay_when_a_photo_is_left_out(folder: Path):
    photos = FolderPhotos(folder)
    [*_others, lost] = next(loader(photos).epoch(0)).names[:2]
    (folder / lost).unlink()
    assert next(loader(photos).epoch(0)).places == [0, 2]


def test_files_that_are_gone_or_too_long_are_unreadable(folder: Path):
    Image.new("RGB", (600, 10)).save(folder / "0.png")
    photos = FolderPhotos(folder)
    (folder / "1.png").unlink()
    unreadable = Unreadable(7, 1.0)
    assert sum(map(len, loader(photos, unreadable=unreadable).epoch(0))) == 5
    assert unreadable.found == {
        "0.png": "it is 600 x 10, one side more than 50 times the other: cut it",
        "1.png": "it cannot be read (No such file or directory)",
    }


def test_too_many_unreadable_photos_end_it(folder: Path):
    damage(folder, 1, 4)
    batches = loader(FolderPhotos(folder), unreadable=Unreadable(7, 0.1)).epoch(0)
    with pytest.raises(PhotosUnusable, match=r"2 of 7 photos cannot be read.*allows 1"):
        list(batches)


def test_an_empty_batch_is_skipped_alone_but_not_among_several(folder: Path):
    damage(folder, 1)
    photos = FolderPhotos(folder)
    alone = loader(photos, [0, 1, 2], seed=None, photos_per_batch=1).epoch(0)
    assert [batch.number for batch in alone] == [0, 2]
    several = loader(photos, [0, 1, 2], seed=None, photos_per_batch=1, processes=2).epoch(0)
    assert [len(batch) for batch in several] == [1, 0, 1]


class Broken(FolderPhotos):
    """A source whose storage fails in a way nobody foresaw."""

    def open(self, index: int) -> Image.Image:
        raise RuntimeError("The job was stopped.")


def test_other_errors_come_through(folder: Path):
    with pytest.raises(RuntimeError, match="job was stopped"):
        list(loader(Broken(folder)).epoch(0))
    assert decoders() == []


def decoders() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("decoder")]


def test_closing_ends_the_threads(folder: Path):
    batches = loader(FolderPhotos(folder)).epoch(0)
    next(batches)
    assert decoders()
    batches.close()
    assert decoders() == []


class Counted(FolderPhotos):
    """A folder that counts how many photos were opened."""

    opened = 0
    lock = threading.Lock()

    def open(self, index: int) -> Image.Image:
        with self.lock:
            self.opened += 1
        return super().open(index)


def test_decoding_runs_ahead_but_not_far(folder: Path):
    photos = Counted(folder)
    batches = loader(photos, photos_per_batch=1, decoders=1).epoch(0)
    next(batches)
    # Two batches of one photo and one for the decoder, beside the one that was taken.
    deadline = time.monotonic() + 60
    while photos.opened < 4 and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.05)
    assert photos.opened == 4
    batches.close()


def test_known_photos_are_not_decoded(folder: Path):
    photos = Counted(folder)
    known = {photos.key(0), photos.key(3)}
    [batch] = loader(photos, seed=None, photos_per_batch=7, known=known.__contains__).epoch(0)
    assert [photo is None for photo in batch.photos] == [i in (0, 3) for i in range(7)]
    assert photos.opened == 5
