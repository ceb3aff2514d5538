"""Folders of photos, photos that cannot be read, and seeds."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
import torch

from models_app.imaging import PhotoRefused
from models_app.training.data import MergedPhotos, SplitPhotos, Unreadable, names_list, path_shown
from models_app.training.errors import PhotosUnusable
from models_app.training.folder import FolderPhotos
from models_app.training.seeds import derive, generator


def test_photos_of_all_folders_are_found_by_name_and_keyed_by_content(
    tmp_path: Path, real_photos: list[Path]
):
    (tmp_path / "b").mkdir()
    shutil.copy(real_photos[0], tmp_path / "b" / "one.PNG")
    shutil.copy(real_photos[5], tmp_path / "a.jpg")
    (tmp_path / ".hidden").mkdir()
    shutil.copy(real_photos[1], tmp_path / ".hidden" / "c.png")
    (tmp_path / "notes.txt").write_text("no photo")
    photos = FolderPhotos(tmp_path)
    assert [photos.name(i) for i in range(len(photos))] == ["a.jpg", "b/one.PNG"]
    assert photos.key(1) == sha256(real_photos[0].read_bytes()).hexdigest()
    image = photos.open(1)
    assert (image.mode, image.size) == ("RGB", (512, 512))


def test_the_same_content_is_there_once_and_named(tmp_path: Path, real_photos: list[Path]):
    for name in ("a.png", "b.png", "c.png"):
        shutil.copy(real_photos[0], tmp_path / name)
    shutil.copy(real_photos[5], tmp_path / "d.jpg")
    photos = FolderPhotos(tmp_path)
    assert len(photos) == 2
    assert dict(photos.duplicates) == {"b.png": "a.png", "c.png": "a.png"}
    assert isinstance(photos, MergedPhotos)
    assert not isinstance(photos, SplitPhotos)


def test_an_empty_and_a_missing_folder_are_refused(tmp_path: Path):
    with pytest.raises(PhotosUnusable, match="holds no JPEG, PNG"):
        FolderPhotos(tmp_path)
    with pytest.raises(PhotosUnusable, match="There is no folder"):
        FolderPhotos(tmp_path / "gone")


@pytest.mark.parametrize(
    ("name", "reason"), [("gone", "There is no folder gone;"), ("x" * 900, "File name too long")]
)
def test_a_folders_place_on_the_machine_is_not_told(tmp_path: Path, name: str, reason: str):
    with pytest.raises(PhotosUnusable, match=reason) as caught:
        FolderPhotos(tmp_path / name)
    assert str(tmp_path) not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_paths_are_told_as_they_were_typed():
    assert path_shown(Path("photos/2020")) == "photos/2020"
    assert path_shown(Path("/srv/photos/2020")) == "2020"
    assert path_shown(Path("/")) == "/"
    assert path_shown(Path("a" * 81)) == "a" * 80 + "…"


def test_a_file_that_is_no_photo_is_found_out_when_it_is_opened(
    tmp_path: Path, real_photos: list[Path]
):
    (tmp_path / "a.jpg").write_bytes(real_photos[5].read_bytes()[:5000])
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    photos = FolderPhotos(tmp_path)
    with pytest.raises(PhotoRefused):
        photos.open(0)
    with pytest.raises(FileNotFoundError):
        photos.open(1)


def test_unreadable_photos_are_counted_once():
    told: list[str] = []
    unreadable = Unreadable(100, 0.02, report=lambda name, reason: told.append(name))
    for name in ("a", "b", "a", "b", "a"):
        unreadable.add(name, "it is damaged")
    assert told == ["a", "b"]
    with pytest.raises(PhotosUnusable, match=r"3 of 100 photos.*allows 2: a, b, c; "):
        unreadable.add("c", "it is damaged")


def test_one_unreadable_photo_is_allowed_unless_none_is():
    Unreadable(10, 0.05).add("a", "it is damaged")
    with pytest.raises(PhotosUnusable, match="allows 0: a"):
        Unreadable(10, 0).add("a", "it is damaged")


def test_a_resumed_run_does_not_count_again():
    unreadable = Unreadable(10, 0.1, found={"a": "it is damaged"})
    unreadable.add("a", "it is damaged")
    with pytest.raises(PhotosUnusable):
        unreadable.add("b", "it is damaged")


def test_what_other_processes_found_is_counted_once():
    told: list[tuple[str, str]] = []
    unreadable = Unreadable(100, 0.02, report=lambda name, reason: told.append((name, reason)))
    unreadable.add("a", "own")
    unreadable.merge({"a": "other", "b": "other"})
    assert told == [("a", "own"), ("b", "other")]
    assert unreadable.snapshot() == {"a": "own", "b": "other"}
    with pytest.raises(PhotosUnusable, match=r"4 of 100 photos.*allows 2: a, b, c, d; .*: last\."):
        unreadable.merge({"c": "other", "d": "last"})
    # Every process stops, also the one that knew.
    with pytest.raises(PhotosUnusable, match="4 of 100"):
        unreadable.merge({})


def test_a_snapshot_is_a_copy():
    unreadable = Unreadable(100, 1.0)
    before = unreadable.snapshot()
    unreadable.add("a", "it is damaged")
    assert before == {}
    assert unreadable.snapshot() == {"a": "it is damaged"}


class Slow(dict[str, str]):
    """Gives other threads time between a look and what is done after it."""

    def __contains__(self, name: object) -> bool:
        found = super().__contains__(name)
        time.sleep(0.1)
        return found


def test_what_two_threads_find_at_once_is_counted_once():
    told: list[str] = []
    unreadable = Unreadable(100, 1.0, Slow(), lambda name, reason: told.append(name))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda reason: unreadable.add("a", reason), ("first", "second")))
    assert told == ["a"]
    assert len(unreadable.snapshot()) == 1


def test_a_list_of_names_ends():
    assert names_list(list("ab")) == "a, b"
    assert names_list(list("abcdefg")) == "a, b, c, d, e and 2 more"


def test_seeds_depend_on_every_word():
    seeds = [
        derive(1),
        derive(2),
        derive(1, "a"),
        derive(1, "a", 1),
        derive(1, "a", "1"),
        derive(1, 1, "a"),
        derive(1, "ab", "c"),
        derive(1, "a", "bc"),
    ]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_seeds_are_the_same_on_every_machine():
    assert derive(1, "order", 3) == 568946536458722744


def test_generators_repeat():
    first, second = (torch.rand(3, generator=generator(1, "x", 2)) for _ in range(2))
    assert torch.equal(first, second)
