"""Fine-tunings that go wrong: damaged states, unreadable photos, numbers that are not finite."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from models_app.networks.tensor_files import tensors_write
from models_app.training.checkpoint import state_load
from models_app.training.errors import (
    ConfigInvalid,
    Diverged,
    PhotosUnusable,
    StateDamaged,
    TrainingError,
)
from models_app.training.finetuning.networks import network_build
from models_app.training.finetuning.position import Position
from models_app.training.finetuning.tuning import finetune
from tests.models_app.training.finetuning.labels import (
    FEW,
    BrightParts,
    members,
    run,
    tiny,
)
from tests.models_app.training.runs import Told, weights_of


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A training that nobody disturbed: its folder."""
    folder = tmp_path_factory.mktemp("whole")
    run(folder)
    return folder


def test_a_damaged_state_is_told_and_the_one_before_is_used(whole, tmp_path):
    folder = whole
    run(tmp_path, max_steps=3)
    damaged = tmp_path / "last" / "training.safetensors"
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    told = Told()
    run(tmp_path, resume=True, reports=told)
    assert any("00000003 is damaged" in line for line in told.lines)
    assert "Goes on from step 2." in told.lines
    assert weights_of(tmp_path / "last") == weights_of(folder / "last")


def test_what_it_began_with_cannot_change_on_the_way(tmp_path):
    run(tmp_path, max_steps=2)
    with pytest.raises(ConfigInvalid, match=r"dropout is 0\.5 and was 0\.2"):
        run(tmp_path, resume=True, dropout=0.5)
    other = BrightParts(few=FEW, labels={"astronaut-1": np.eye(10)[3]})
    with pytest.raises(StateDamaged, match="photos or their labels are not those"):
        run(tmp_path, other, resume=True)
    with pytest.raises(TrainingError, match="holds a training already"):
        run(tmp_path)
    assert run(tmp_path, resume=True, max_epochs=1, cache="disk").state == "finished"


def test_photos_that_cannot_be_read_are_named_counted_and_left_out(tmp_path):
    told = Told()
    broken = ["astronaut-1", "astronaut-4"]
    outcome = run(tmp_path, BrightParts(few=FEW, broken=broken), reports=told, max_unreadable=0.2)
    assert outcome.results["photos"]["unreadable"] == dict.fromkeys(broken, "it is damaged")
    assert "astronaut-4: it is damaged" in told.lines
    assert told.curves["unreadable_photos"][1] == 2
    # 15 of 16 train and 5 of 6 validate.
    assert outcome.position.images == 3 * 15
    assert outcome.results["validation"]["mae"] > 0
    with pytest.raises(PhotosUnusable, match=r"2 of 22 photos cannot be read.*astronaut-1"):
        run(tmp_path / "strict", BrightParts(few=FEW, broken=broken), max_unreadable=0.05)


def test_names_without_a_photo_are_counted_as_unreadable(tmp_path):
    given = members(BrightParts(few=FEW))
    given["train"].append("nowhere-1")
    told = Told()
    config = tiny(max_epochs=1, max_unreadable=0.1)
    outcome = finetune(config, BrightParts(few=FEW), given, tmp_path, reports=told)
    assert outcome.position.unreadable == {"nowhere-1": "it is not among the photos"}
    assert any("without a photo here: 1 (nowhere-1)" in line for line in told.lines)


def test_a_photo_that_was_unreadable_stays_out_of_a_training_that_goes_on(tmp_path):
    broken = BrightParts(few=FEW, broken=["astronaut-1"])
    run(tmp_path / "one", broken)
    run(tmp_path / "two", broken, max_steps=2)
    repaired = BrightParts(few=FEW)
    run(tmp_path / "two", repaired, resume=True)
    assert "astronaut-1" not in repaired.opened
    assert weights_of(tmp_path / "two" / "last") == weights_of(tmp_path / "one" / "last")


def test_steps_that_are_not_finite_change_nothing_and_end_it(tmp_path):
    weights = network_build(tiny())[0].state_dict()
    # Finite, as weights must be, and beyond what float32 can add up.
    weights["backbone.features.0.0.weight"].fill_(3e38)
    tensors_write(tmp_path / "huge.safetensors", weights, {})
    given = {"weights": "file", "weights_file": str(tmp_path / "huge.safetensors")}
    told = Told()
    with pytest.raises(Diverged, match="3 steps in a row had a loss or gradients"):
        run(
            tmp_path / "run",
            max_bad_steps=2,
            batch_norm="never",
            freeze="none",
            reports=told,
            **given,
        )
    assert told.curves["skipped_steps"] == {1: 1, 2: 2, 3: 3}
    state = state_load(tmp_path / "run")
    assert state.step == 2
    head = network_build(tiny())[0].head.weight
    assert torch.equal(state.network["head.weight"], head)
    assert all(bool(torch.isfinite(each).all()) for each in state.network.values())


def crooked_write(path: Path) -> dict[str, str]:
    """Write weights whose first stored variance is below 0: no photo has a finite score.

    Layers that normalise by the batch never look at it, and bring it back above 0.
    """
    weights = network_build(tiny())[0].state_dict()
    weights["backbone.features.0.1.running_var"].fill_(-1e-3)
    tensors_write(path, weights, {})
    return {"weights": "file", "weights_file": str(path)}


def test_an_epoch_whose_validation_is_not_finite_is_a_gap_and_not_the_end(tmp_path):
    given = crooked_write(tmp_path / "crooked.safetensors")
    told = Told()
    outcome = run(tmp_path / "run", max_bad_steps=100, reports=told, **given)
    assert outcome.state == "finished"
    losses = [row["validation"]["total"] for row in outcome.results["curves"]]
    assert losses[0] is None
    assert np.isfinite(losses[1:]).all()
    assert outcome.results["best_epoch"] == 2 + int(np.argmin(losses[1:]))
    assert outcome.results["curves"][0]["train_loss"] is None
    assert json.loads((tmp_path / "run/results/results.json").read_bytes())["curves"][0][
        "validation"
    ] == {"total": None, "emd": None, "mae": None}
    with (tmp_path / "run/results/curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["validation_total"] == "" for row in rows] == [True, False, False]
    assert (tmp_path / "run/results/curves.svg").exists()
    # What is saved reads back as it is.
    saved = Position.from_json(state_load(tmp_path / "run").info["position"])
    assert saved.curves == outcome.results["curves"]


def test_a_validation_that_never_is_finite_ends_in_a_sentence(tmp_path):
    given = crooked_write(tmp_path / "crooked.safetensors")
    with pytest.raises(Diverged, match="The validation loss never was a finite number"):
        run(tmp_path / "run", max_bad_steps=100, trainable="head", **given)
