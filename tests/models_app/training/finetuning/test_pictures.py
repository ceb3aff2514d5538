"""Decoded photos: the same pixels in memory and in a file, made once."""

import errno
import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from models_app.networks.preprocessing import IMAGENET, Preprocessing, photo_to_input
from models_app.training.data import Unreadable
from models_app.training.errors import MemoryShort, TrainingError
from models_app.training.finetuning import pictures
from models_app.training.finetuning.decoded import Making, picture
from models_app.training.finetuning.networks import network_build
from models_app.training.finetuning.pictures import pictures_make
from models_app.training.finetuning.stopping import Stopped
from models_app.training.processes import Processes
from tests.models_app.distortions.make_golden import demo_photo
from tests.models_app.training.finetuning.labels import BrightParts, tiny
from tests.models_app.training.runs import Told

PADDED = Preprocessing(32, mode="pad_square", mean=IMAGENET[0], std=IMAGENET[1])


def making(labelled=None, told=None, should_stop=lambda: False, **options) -> Making:
    labelled = labelled or BrightParts()
    config = tiny(**{"workers": 3} | options)
    return Making(
        config=config,
        photos=labelled,
        indices=range(len(labelled)),
        preprocessing=PADDED,
        unreadable=Unreadable(len(labelled), config.max_unreadable),
        processes=Processes(),
        reports=told or Told(),
        should_stop=should_stop,
    )


@pytest.fixture(scope="module")
def plain():
    return pictures_make(making())


@pytest.mark.parametrize("name", ["coffee", "rocket"])
@pytest.mark.parametrize(
    "preprocessing", [PADDED, Preprocessing(40, 32), Preprocessing(32, mode="stretch")], ids=str
)
def test_bytes_are_what_every_judge_sees_before_it_is_normalised(name, preprocessing):
    photo = demo_photo(name)
    pixels = picture(photo, preprocessing)
    assert pixels.dtype == np.uint8
    mean, std = (np.array(each, np.float32) for each in (preprocessing.mean, preprocessing.std))
    normalised = (pixels.astype(np.float32) / np.float32(255) - mean) / std
    assert np.array_equal(normalised.transpose(2, 0, 1), photo_to_input(photo, preprocessing))


def test_the_network_normalises_as_preprocessing_says():
    network = network_build(tiny(backbone="squeezenet1_1", width=1.0))[0].eval()
    photo = demo_photo("coffee")
    shown = torch.from_numpy(picture(photo, PADDED)).permute(2, 0, 1)[None]
    with torch.no_grad():
        ours = network.judge(network.features(shown))
        theirs = network(torch.from_numpy(photo_to_input(photo, PADDED))[None])
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_rows_are_the_photos_in_their_order(plain):
    labelled = BrightParts()
    assert plain.readable.all()
    for row in (0, 5, 71):
        expected = picture(labelled.open(row), PADDED)
        assert np.array_equal(plain.data[row].numpy(), expected)
    taken = plain.take([5, 0, 5])
    assert taken.shape == (3, 3, 32, 32)
    assert taken.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(taken[0], taken[2])
    assert torch.equal(taken[1].permute(1, 2, 0), plain.data[0])


def test_a_file_holds_the_same_and_goes_with_the_run(plain):
    found = pictures_make(making(cache="disk"))
    assert torch.equal(found.data, plain.data)
    assert found.folder is not None
    assert len(list(found.folder.iterdir())) <= 1
    found.close()
    assert not found.folder.exists()
    assert torch.equal(found.data[3], plain.data[3])


def test_a_file_in_a_folder_of_its_own_serves_the_next_run(plain, tmp_path):
    given = {"cache": "disk", "cache_folder": str(tmp_path / "kept")}
    first = pictures_make(making(**given))
    first.close()
    labelled, told = BrightParts(), Told()
    again = pictures_make(making(labelled, told, **given))
    assert labelled.opened == []
    assert torch.equal(again.data, plain.data)
    assert any("file of an earlier run" in line for line in told.lines)
    assert sorted(path.suffix for path in (tmp_path / "kept").iterdir()) == [
        ".bin",
        ".json",
        ".keys",
    ]
    # Other photos have a file of their own.
    pictures_make(making(BrightParts(few=9), **given))
    assert len(list((tmp_path / "kept").iterdir())) == 6


def test_a_photo_in_another_file_is_not_decoded_again(plain, tmp_path):
    given = {"cache": "auto", "cache_folder": str(tmp_path)}
    few = pictures_make(making(BrightParts(few=20), **given))
    assert torch.equal(few.data, plain.data[:20])
    labelled, told = BrightParts(), Told()
    whole = pictures_make(making(labelled, told, **given))
    assert torch.equal(whole.data, plain.data)
    assert whole.readable.all()
    assert len(labelled.opened) == 52
    assert "20 decoded photos are taken from files of earlier runs." in told.lines
    # Another side is another preparation.
    other = BrightParts(few=20)
    prepared = replace(making(other, **given), preprocessing=Preprocessing(40, mode="pad_square"))
    assert pictures_make(prepared).data.shape == (20, 40, 40, 3)
    assert len(other.opened) == 20


def test_two_runs_that_write_the_same_file_at_once_both_have_it(plain, tmp_path):
    """The second begins while the first decodes; whoever is later replaces what is equal."""
    given = {"cache": "disk", "cache_folder": str(tmp_path)}
    found = []

    def other_run() -> bool:
        if not found:
            found.append(None)
            found[0] = pictures_make(making(**given))
        return False

    late = pictures_make(making(should_stop=other_run, **given))
    assert torch.equal(late.data, plain.data)
    assert torch.equal(found[0].data, plain.data)
    labelled = BrightParts()
    assert torch.equal(pictures_make(making(labelled, **given)).data, plain.data)
    assert labelled.opened == []
    assert list(tmp_path.glob(".*")) == []


def test_a_file_that_is_not_whole_is_made_anew(tmp_path):
    given = {"cache": "disk", "cache_folder": str(tmp_path)}
    pictures_make(making(**given))
    (file,) = tmp_path.glob("*.bin")
    os.truncate(file, 100)
    labelled = BrightParts()
    found = pictures_make(making(labelled, **given))
    assert len(labelled.opened) == 72
    assert found.readable.all()


def test_photos_that_cannot_be_read_are_left_out_and_tried_again_by_the_next_run(tmp_path):
    given = {"cache": "disk", "cache_folder": str(tmp_path)}
    broken = making(BrightParts(broken=["coffee-1"]), **given)
    found = pictures_make(broken)
    assert broken.unreadable.snapshot() == {"coffee-1": "it is damaged"}
    assert int((~found.readable).sum()) == 1
    # Mapped by this run, and nobody else finds it.
    assert list(tmp_path.iterdir()) == []
    assert int(found.data[found.readable].float().mean()) > 10
    repaired = BrightParts()
    assert pictures_make(making(repaired, **given)).readable.all()
    assert len(repaired.opened) == 72


def test_it_stops_between_photos_and_leaves_nothing(tmp_path):
    given = {"cache": "disk", "cache_folder": str(tmp_path)}
    with pytest.raises(Stopped):
        pictures_make(making(should_stop=lambda: True, **given))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_space_is_one_sentence(tmp_path, monkeypatch):
    def full(_file, _offset, _size):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(TrainingError, match=r"take 0\.00 GB, and their file cannot be made \(No "):
        pictures_make(making(cache="disk", cache_folder=str(tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_photos_that_do_not_fit_into_memory_go_to_a_file_or_are_refused(monkeypatch):
    monkeypatch.setattr(pictures, "memory_available", lambda _device: 300_000)
    with pytest.raises(MemoryShort, match="set cache to disk, or lower side or share"):
        pictures_make(making(cache="memory"))
    found = pictures_make(making(cache="auto"))
    assert found.folder is not None
    found.close()
