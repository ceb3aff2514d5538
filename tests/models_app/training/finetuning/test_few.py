"""Few photos: none comes alone where layers go by the batch, and one photo teaches nothing."""

from itertools import pairwise

import pytest

from models_app.training.errors import ConfigInvalid, PhotosUnusable
from models_app.training.finetuning.errors import LabelsUnusable
from models_app.training.finetuning.stopping import chunks
from models_app.training.finetuning.tuning import finetune
from tests.models_app.training.finetuning.labels import BrightParts, run, tiny
from tests.models_app.training.runs import Told

LABELLED = BrightParts(few=12)
NAMES = [LABELLED.name(index) for index in range(len(LABELLED))]


def few(folder, train: int, *, labelled: BrightParts = LABELLED, validation: int = 2, **options):
    told = Told()
    given = {"train": NAMES[:train], "validation": NAMES[train : train + validation]}
    return finetune(tiny(freeze="none", **options), labelled, given, folder, reports=told), told


def test_a_last_batch_of_one_goes_with_another(tmp_path):
    """At side 32 the last maps are one pixel: a photo alone has nothing to be normalised by."""
    outcome, _told = few(tmp_path, 5, batch=2, max_epochs=2)
    # 2 and 3 photos; batches of 2, 2 and 1 would be three steps an epoch.
    assert (outcome.position.step, outcome.position.images) == (4, 10)
    assert outcome.results["skipped_steps"] == 0


def test_it_does_not_depend_on_the_initial_weights(tmp_path):
    first, _told = few(tmp_path / "random", 5, batch=2, max_epochs=1)
    other, _told = few(
        tmp_path / "file", 5, batch=2, max_epochs=1, weights="file", weights_file=str(first.best)
    )
    assert other.position.step == first.position.step == 2


def test_three_photos_resume_to_the_last_bit(tmp_path):
    one, _told = few(tmp_path / "one", 3, batch=2)
    given = {"train": NAMES[:3], "validation": NAMES[3:5]}
    config = tiny(freeze="none", batch=2)
    finetune(config, LABELLED, given, tmp_path / "two", max_steps=1)
    two = finetune(config, LABELLED, given, tmp_path / "two", resume=True)
    assert two.results["curves"] == one.results["curves"]


@pytest.mark.parametrize("photos", range(14))
@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 13])
def test_chunks_hold_every_photo_once_and_none_alone(photos, size):
    found = list(chunks(photos, size))
    assert [place for each in found for place in range(photos)[each]] == list(range(photos))
    sizes = [each.stop - each.start for each in found]
    if photos > 1 and size != 1:
        assert min(sizes) > 1
        assert max(sizes) <= (size or photos) + 1
    assert all(one.stop == other.start for one, other in pairwise(found))


def test_a_last_chunk_of_one_goes_with_the_one_before(tmp_path):
    outcome, _told = few(tmp_path, 5, batch=5, chunk_images=2, max_epochs=1)
    assert outcome.state == "finished"


def test_photos_that_always_come_alone_are_one_sentence(tmp_path):
    for place, options in enumerate(({"batch": 1}, {"batch": 4, "chunk_images": 1})):
        with pytest.raises(ConfigInvalid, match="one photo comes alone, whose last maps"):
            few(tmp_path / str(place), 4, **options)
    # By stored statistics they may.
    outcome, _told = few(tmp_path / "never", 3, batch=1, batch_norm="never", max_epochs=1)
    assert outcome.position.step == 3


def test_one_photo_is_refused(tmp_path):
    with pytest.raises(LabelsUnusable, match=r"1 photo trains \(of 1, with share 1\).*2 photos or"):
        few(tmp_path, 1)
    with pytest.raises(LabelsUnusable, match=r"1 photo trains \(of 4, with share 0\.25\)"):
        few(tmp_path, 4, share=0.25)
    assert not (tmp_path / "states").exists()


def test_one_readable_photo_is_refused(tmp_path):
    broken = BrightParts(few=12, broken=NAMES[1:3])
    with pytest.raises(PhotosUnusable, match="Of the photos that train 1 can be read"):
        few(tmp_path / "one", 3, labelled=broken, max_unreadable=1)
    broken = BrightParts(few=12, broken=NAMES[:3])
    with pytest.raises(PhotosUnusable, match="Of the photos that train none can be read"):
        few(tmp_path / "none", 3, labelled=broken, max_unreadable=1)


def test_a_validation_photo_alone_is_measured(tmp_path):
    outcome, _told = few(tmp_path / "eval", 4, validation=1, max_epochs=1)
    assert outcome.results["photos"]["validation"] == 1
    with pytest.raises(ConfigInvalid, match="one photo comes alone"):
        few(tmp_path / "train", 4, validation=1, max_epochs=1, validation_mode="train")


def test_a_share_of_a_few_photos_trains(tmp_path):
    assert run(tmp_path, share=0.2, batch=2, max_epochs=1).state == "finished"
