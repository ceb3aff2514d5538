"""Trainings that cannot go well: what they say, and what they leave."""

from dataclasses import replace
from math import isnan
from pathlib import Path

import pytest
import torch
from torch import nn

from models_app.networks.building import weights_hash
from models_app.networks.tensor_files import tensors_read
from models_app.training.assembly import assemble
from models_app.training.checkpoint import state_read
from models_app.training.errors import (
    ConfigInvalid,
    Diverged,
    PhotosUnusable,
    StateDamaged,
    TrainingError,
)
from models_app.training.loop import train
from models_app.training.pretraining import pretrain
from models_app.training.processes import Processes
from models_app.training.site import Site
from models_app.training.split import split_make
from tests.models_app.training.runs import NAMES, DemoPhotos, Told, tiny, weights_of


def test_another_configuration_does_not_go_on(tmp_path):
    pretrain(tiny(), DemoPhotos(), tmp_path, max_steps=1)
    with pytest.raises(ConfigInvalid, match=r"margin is 0\.3 and was 0.2 when this training began"):
        pretrain(tiny(margin=0.3), DemoPhotos(), tmp_path, resume=True)


def test_other_photos_do_not_go_on(tmp_path):
    pretrain(tiny(), DemoPhotos(), tmp_path, max_steps=1)
    with pytest.raises(StateDamaged, match="photos are not those"):
        pretrain(tiny(), DemoPhotos(NAMES[:-1]), tmp_path, resume=True)


def test_a_folder_in_use_is_not_trained_over(tmp_path):
    pretrain(tiny(), DemoPhotos(), tmp_path, max_steps=1)
    before = weights_of(tmp_path / "last")
    with pytest.raises(TrainingError, match="holds a training already; go on with --resume"):
        pretrain(tiny(), DemoPhotos(), tmp_path)
    assert weights_of(tmp_path / "last") == before


def test_unreadable_photos_are_named_counted_and_left_out(tmp_path):
    told = Told()
    photos = DemoPhotos(broken=["coffee"])
    outcome = pretrain(tiny(max_unreadable=0.2), photos, tmp_path, reports=told)
    assert outcome.position.unreadable == {"coffee": "it is damaged"}
    assert told.lines.count("coffee: it is damaged") == 1
    assert told.curves["unreadable_photos"][4] == 1


def test_too_many_unreadable_photos_stop_it(tmp_path):
    photos = DemoPhotos(broken=NAMES[:3])
    with pytest.raises(PhotosUnusable, match="photos cannot be read, and max_unreadable"):
        pretrain(tiny(), photos, tmp_path)


@pytest.mark.parametrize(("count", "sentence"), [(0, "There are no photos"), (1, "is 1 photo")])
def test_too_few_photos_are_one_sentence(tmp_path, count, sentence):
    with pytest.raises(PhotosUnusable, match=sentence):
        pretrain(tiny(), DemoPhotos(NAMES[:count]), tmp_path)


def test_weights_that_are_no_numbers_are_not_begun_with(tmp_path):
    pretrain(tiny(), DemoPhotos(), tmp_path / "a", max_steps=1)
    file = tmp_path / "broken.pth"
    weights = tensors_read(tmp_path / "a" / "last" / "weights.safetensors")
    weights["backbone.features.0.0.weight"][0, 0, 0, 0] = float("nan")
    torch.save(weights, file)
    with pytest.raises(ConfigInvalid, match="1 values that are infinite or no number"):
        pretrain(tiny(weights="file", weights_file=str(file)), DemoPhotos(), tmp_path / "b")
    assert not (tmp_path / "b" / "states").exists()


class Poisoned(nn.Module):
    """A balance whose total is not finite at some of its calls."""

    def __init__(self, balance: nn.Module, calls: set[int]) -> None:
        super().__init__()
        self.balance, self.calls, self.called = balance, calls, 0

    def forward(self, raw):
        self.called += 1
        found = self.balance(raw)
        poison = float("nan") if self.called in self.calls else 1.0
        return found._replace(total=found.total * poison)


def poisoned(folder: Path, calls: set[int], **options):
    """Return the parts of a training whose steps of these numbers are not finite."""
    config = tiny(**options)
    photos, told = DemoPhotos(), Told()
    at = Site(
        photos=photos,
        split=split_make(photos, config),
        folder=folder,
        reports=told,
        processes=Processes(),
        device=torch.device("cpu"),
        saved=lambda path: None,
    )
    made = assemble(config, at, None)
    parts = replace(made.parts, balance=Poisoned(made.parts.balance, calls))
    return replace(made, parts=parts), told


def test_a_step_that_is_not_finite_is_skipped_counted_and_moves_nothing(tmp_path):
    made, told = poisoned(tmp_path, {2}, keep=10)
    assert train(made.parts, made.position, should_stop=lambda: False)
    assert told.curves["skipped_steps"] == {1: 0, 2: 1, 3: 1, 4: 1}
    assert isnan(told.curves["loss/total"][2])
    before, after = (state_read(tmp_path / "states" / f"0000000{step}") for step in (1, 2))
    assert weights_hash(before.network) == weights_hash(after.network)
    assert (
        before.training["optimiser"]["state"].keys() == after.training["optimiser"]["state"].keys()
    )
    last = state_read(tmp_path / "last")
    assert weights_hash(last.network) != weights_hash(after.network)
    assert all(tensor.isfinite().all() for tensor in last.network.values())


def test_too_many_in_a_row_end_it_with_what_to_change(tmp_path):
    made, _told = poisoned(tmp_path, {2, 3, 4}, max_bad_steps=1)
    with pytest.raises(Diverged, match=r"2 steps in a row .* max_bad_steps allows 1; begin"):
        train(made.parts, made.position, should_stop=lambda: False)
    assert made.position.step == 3


def test_a_cosine_ends_where_it_was_to_end(tmp_path):
    pretrain(tiny(schedule="cosine"), DemoPhotos(), tmp_path, max_steps=1)
    with pytest.raises(ConfigInvalid, match="epochs is 9 and was 2"):
        pretrain(tiny(schedule="cosine", epochs=9), DemoPhotos(), tmp_path, resume=True)


def test_validation_photos_that_cannot_be_read_are_one_sentence(tmp_path):
    config = tiny(max_unreadable=1.0)
    photos = DemoPhotos()
    unread = [photos.name(index) for index in split_make(photos, config).validation]
    with pytest.raises(PhotosUnusable, match="No photo to measure the network with"):
        pretrain(config, DemoPhotos(broken=unread), tmp_path)


def test_test_photos_that_cannot_be_read_do_not_cost_the_training(tmp_path):
    config = tiny(max_unreadable=1.0, test_share=0.2, epochs=1)
    photos = DemoPhotos()
    unread = [photos.name(index) for index in split_make(photos, config).test]
    told = Told()
    outcome = pretrain(config, DemoPhotos(broken=unread), tmp_path, reports=told)
    assert outcome.results is not None
    assert outcome.results["split"] == "validation"
    assert "No test photo could be read; the validation photos stand in." in told.lines


def test_training_photos_that_cannot_be_read_teach_nothing_and_it_says_so(tmp_path):
    config = tiny(max_unreadable=1.0)
    photos = DemoPhotos()
    unread = [photos.name(index) for index in split_make(photos, config).train]
    with pytest.raises(PhotosUnusable, match="nothing was learnt"):
        pretrain(config, DemoPhotos(broken=unread), tmp_path)


def test_losses_that_compare_photos_need_two(tmp_path):
    photos = DemoPhotos(NAMES[:3])
    config = tiny(task="simclr", validation_share=0.67)
    with pytest.raises(ConfigInvalid, match="simclr compares two photos"):
        pretrain(config, photos, tmp_path)
    assert not tmp_path.joinpath("config.json").exists()


def test_what_does_not_fit_leaves_nothing_behind(tmp_path):
    with pytest.raises(ConfigInvalid, match=r"no file 'gone\.pth' of weights"):
        pretrain(tiny(weights="file", weights_file="gone.pth"), DemoPhotos(), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_one_photo_has_shares_and_no_intervals(tmp_path):
    config = tiny(validation_share=0.2, epochs=1)
    results = pretrain(config, DemoPhotos(), tmp_path).results
    assert results is not None
    assert results["photos"] == 1
    row = results["rank_accuracy"]["all"]
    counts = row["right"] + row["tied"] + row["wrong"]
    assert row["accuracy"]["value"] == row["right"] / counts
    assert (row["accuracy"]["low"], row["accuracy"]["high"]) == (None, None)
    assert "at least two photos" in row["undefined"]
    errors = results["regression_error"]["all"]
    assert errors["error"]["value"] > 0
    text = (tmp_path / "results" / "rank_accuracy.csv").read_text()
    assert str(row["accuracy"]["value"]) in text
    assert "None" not in text
