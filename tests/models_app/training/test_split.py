"""Who trains, validates and tests."""

from pathlib import Path

import pytest
from PIL import Image

from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid, PhotosUnusable
from models_app.training.folder import FolderPhotos
from models_app.training.split import Split, split_make


class Named:
    """A source that is asked for names and contents only, as splitting does."""

    def __init__(self, photos: list[tuple[str, str]]) -> None:
        self.photos = photos

    def __len__(self) -> int:
        return len(self.photos)

    def name(self, index: int) -> str:
        return self.photos[index][0]

    def key(self, index: int) -> str:
        return self.photos[index][1]

    def open(self, index: int) -> Image.Image:
        raise NotImplementedError


class Dataset(Named):
    """One that knows its split."""

    def __init__(self, photos: list[tuple[str, str]], sides: list[str]) -> None:
        super().__init__(photos)
        self.sides = sides

    def split(self, index: int) -> str:
        return self.sides[index]


def many(count: int) -> list[tuple[str, str]]:
    return [(f"{number}.jpg", f"{number:064x}") for number in range(count)]


def contents(photos: Named, split: Split) -> list[list[str]]:
    sides = (split.train, split.validation, split.test)
    return [[photos.key(index) for index in side] for side in sides]


def listed(folder: Path, **lists: str) -> str:
    for name, content in lists.items():
        (folder / f"{name}.txt").write_text(content)
    return ",".join(f"{name}.txt" for name in lists)


def test_shares_are_rounded_and_everything_is_used_once():
    photos = Named(many(130))
    split = split_make(photos, TrainConfig())
    assert (len(split.train), len(split.validation), len(split.test)) == (100, 15, 15)
    assert sorted([*split.train, *split.validation, *split.test]) == list(range(130))


def test_the_split_does_not_depend_on_names_or_order():
    photos = many(50)
    renamed = Named([(f"x{name}", key) for name, key in reversed(photos)])
    first = split_make(Named(photos), TrainConfig())
    second = split_make(renamed, TrainConfig())
    assert contents(Named(photos), first) == contents(renamed, second)
    assert first.digest == second.digest


def test_another_seed_or_photo_gives_another_split():
    photos = Named(many(50))
    digests = {
        split_make(photos, TrainConfig()).digest,
        split_make(photos, TrainConfig(split_seed=2)).digest,
        split_make(Named(many(51)), TrainConfig()).digest,
    }
    assert len(digests) == 3


def test_most_photos_stay_on_their_side_when_others_come():
    config = TrainConfig(validation_share=0.2, test_share=0)
    small, large = Named(many(100)), Named(many(110))
    before = set(contents(small, split_make(small, config))[1])
    after = set(contents(large, split_make(large, config))[1])
    assert len(before & after) >= 18


def test_the_same_content_is_never_on_two_sides():
    photos = Named([(f"{n}.jpg", f"{n // 3:064x}") for n in range(90)])
    split = split_make(photos, TrainConfig(validation_share=0.3, test_share=0.3))
    train, validation, test = map(set, contents(photos, split))
    assert train.isdisjoint(validation)
    assert train.isdisjoint(test)
    assert validation.isdisjoint(test)
    assert len(split.validation) == 27


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "There are no photos; a training needs at least 2"),
        (1, "There is 1 photo; a training needs at least 2"),
        (3, "3 photos leave none to validate with"),
    ],
)
def test_too_few_photos_are_refused(count: int, text: str):
    with pytest.raises(PhotosUnusable, match=text):
        split_make(Named(many(count)), TrainConfig())


def test_nothing_left_to_train_on_is_refused():
    config = TrainConfig(validation_share=0.5, test_share=0.45)
    with pytest.raises(PhotosUnusable, match="No photo is left to train on"):
        split_make(Named(many(2)), config)


def test_two_photos_are_enough():
    split = split_make(Named(many(2)), TrainConfig(validation_share=0.5, test_share=0))
    assert (len(split.train), len(split.validation), len(split.test)) == (1, 1, 0)


def test_the_dataset_says_who_trains():
    photos = Dataset(many(4), ["train", "val", "test", ""])
    split = split_make(photos, TrainConfig())
    assert (split.train, split.validation, split.test) == ((0,), (1,), (2,))
    assert split.method == "the dataset's split"
    assert split.notes == ("Photos without a split in the dataset, left out: 1 (3.jpg).",)


def test_a_dataset_without_split_is_split_by_content():
    photos = Dataset(many(50), [""] * 50)
    expected = split_make(Named(many(50)), TrainConfig())
    assert split_make(photos, TrainConfig()) == expected


def test_lists_say_who_trains_and_what_is_missing_is_named(tmp_path: Path):
    lists = listed(tmp_path, train="0.jpg\n1.jpg\nlost.jpg\n", val="sub/2.jpg\n", test="3.jpg\n")
    photos = Named([*many(2), ("sub/2.jpg", "c"), ("deep/3.jpg", "d"), ("4.jpg", "e")])
    split = split_make(photos, TrainConfig(split_lists=lists), base=tmp_path)
    assert set(split.train) == {0, 1}
    assert (split.validation, split.test, split.method) == ((2,), (3,), "by lists")
    assert split.notes == (
        "Names of the lists without a photo: 1 (lost.jpg).",
        "Photos in no list, left out: 1 (4.jpg).",
    )


def test_lists_come_before_the_dataset(tmp_path: Path):
    lists = listed(tmp_path, train="0.jpg\n", val="1.jpg\n")
    photos = Dataset(many(2), ["val", "train"])
    assert split_make(photos, TrainConfig(split_lists=lists), base=tmp_path).train == (0,)


def test_lists_may_name_a_file_that_was_left_out_as_a_duplicate(
    tmp_path: Path, real_photos: list[Path]
):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, number in (("a.png", 0), ("b.png", 0), ("c.jpg", 5), ("d.jpg", 6)):
        (folder / name).write_bytes(real_photos[number].read_bytes())
    lists = listed(tmp_path, train="a.png\nc.jpg\n", val="b.png\nd.jpg\n")
    split = split_make(FolderPhotos(folder), TrainConfig(split_lists=lists), base=tmp_path)
    # The photo that is on both lists does not train.
    assert [len(split.train), len(split.validation)] == [1, 2]
    assert split.notes == (
        "Files with the content of another one, left out: 1 (b.png).",
        "Photos whose content is on several sides, kept away from training: 1 (a.png).",
    )


def test_content_that_lists_put_on_two_sides_stays_away_from_training(tmp_path: Path):
    lists = listed(tmp_path, train="a.jpg\nb.jpg\n", val="c.jpg\n", test="d.jpg\n")
    photos = Named([("a.jpg", "1"), ("b.jpg", "2"), ("c.jpg", "3"), ("d.jpg", "2")])
    split = split_make(photos, TrainConfig(split_lists=lists), base=tmp_path)
    assert (split.train, split.validation, set(split.test)) == ((0,), (2,), {1, 3})
    assert split.notes == (
        "Photos whose content is on several sides, kept away from training: 2 (b.jpg, d.jpg).",
    )


@pytest.mark.parametrize(
    ("lists", "text"),
    [
        ({"train": "0.jpg\n", "val": "0.jpg\n"}, "'0.jpg' into train and into val"),
        ({"train": ""}, r"split_lists: .*is empty"),
        ({"photos": "0.jpg\n"}, "does not say which split"),
    ],
)
def test_lists_that_cannot_be_used_are_refused(tmp_path: Path, lists: dict[str, str], text: str):
    config = TrainConfig(split_lists=listed(tmp_path, **lists))
    with pytest.raises(ConfigInvalid, match=text) as caught:
        split_make(Named(many(3)), config, base=tmp_path)
    assert caught.value.name == "split_lists"


def test_a_list_that_is_missing_is_refused(tmp_path: Path):
    with pytest.raises(ConfigInvalid, match="cannot be read"):
        split_make(Named(many(3)), TrainConfig(split_lists="train.txt"), base=tmp_path)


@pytest.mark.parametrize("name", ["gone.txt", "secret/gone.txt", "x" * 900])
def test_of_a_list_only_the_files_name_is_told(tmp_path: Path, name: str):
    with pytest.raises(ConfigInvalid) as caught:
        split_make(Named(many(3)), TrainConfig(split_lists=name), base=tmp_path)
    text = str(caught.value)
    shown = "gone.txt" if "gone" in name else "x" * 80 + "…"
    assert text.startswith(f"split_lists: The list {shown} cannot be read (")
    assert text.endswith(").")


def test_lists_without_a_validation_photo_are_refused(tmp_path: Path):
    config = TrainConfig(split_lists=listed(tmp_path, train="0.jpg\n1.jpg\n", val="x.jpg\n"))
    with pytest.raises(PhotosUnusable, match=r"none to validate with .*; check that the lists"):
        split_make(Named(many(3)), config, base=tmp_path)


def test_lists_of_other_photos_are_refused(tmp_path: Path):
    config = TrainConfig(split_lists=listed(tmp_path, train="a.jpg\n", val="b.jpg\n"))
    with pytest.raises(PhotosUnusable, match="check that the lists name files of this source"):
        split_make(Named(many(3)), config, base=tmp_path)
