"""Whole fine-tunings: what they leave, and that going on is the same as never having stopped."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models_app.networks.checkpoints import checkpoint_load
from models_app.networks.tensor_files import note_read
from models_app.training.checkpoint import state_load
from models_app.training.finetuning.measuring import measures
from models_app.training.finetuning.networks import network_build
from models_app.training.finetuning.predicting import predict
from models_app.training.finetuning.tuning import finetune
from models_app.training.folder import FolderPhotos
from models_app.training.pretraining import pretrain
from tests.models_app.training.finetuning.labels import (
    FEW,
    Brightness,
    BrightParts,
    members,
    run,
    tiny,
)
from tests.models_app.training.runs import DemoPhotos, Told, stop_after, weights_of
from tests.models_app.training.runs import tiny as pretrain_tiny


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A training that nobody disturbed: its folder, its outcome and what it told."""
    folder, told = tmp_path_factory.mktemp("whole"), Told()
    return folder, run(folder, reports=told), told


def test_it_leaves_states_best_weights_numbers_and_results(whole):
    folder, outcome, _told = whole
    assert outcome.state == "finished"
    # 16 photos train, in batches of 8.
    assert (outcome.position.epoch, outcome.position.step) == (3, 6)
    assert json.loads((folder / "config.json").read_text()) == tiny().to_json()
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 2, 3, 4, 4, 5, 6, 6]
    results = json.loads((folder / "results" / "results.json").read_text())
    assert results == outcome.results
    assert results["epochs"] == 3
    assert results["unfrozen_after"] == 1
    assert not results["stopped_early"]
    assert results["initial_weights"]["random"] is True
    assert [row["frozen"] for row in results["curves"]] == [True, False, False]
    rows = table(folder / "results" / "curves.csv")
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert (folder / "results" / "curves.svg").is_file()
    judged = table(folder / "results" / "validation.csv")
    assert len(judged) == 6
    assert sum(float(judged[0][f"p{place}"]) for place in range(1, 11)) == pytest.approx(1)


def test_it_tells_losses_rates_speed_and_measures(whole):
    _folder, _outcome, told = whole
    for name in (
        *("loss/total", "validation/total", "validation/emd", "validation/mae", "validation/srcc"),
        *("learning_rate", "learning_rate/heads", "memory/mb", "speed/images_per_s"),
        *("skipped_steps", "unreadable_photos"),
    ):
        assert name in told.curves, name
    assert told.curves["learning_rate"] == {1: 0, 2: 0, 3: 2e-3, 4: 2e-3, 5: 2e-3, 6: 2e-3}
    assert "After epoch 1 all layers that may learn are free." in told.lines
    assert any("16 photos train, 6 validate; initial weights: random" in x for x in told.lines)


def test_the_best_weights_are_a_network_that_judges(whole):
    folder, outcome, _told = whole
    file = folder / "best" / "weights.safetensors"
    note = note_read(file)
    assert note["kind"] == "finetuned"
    assert note["origin"]["random"] is True
    network = checkpoint_load(file)
    assert network.architecture.key == "nima:mobilenet_v2@0.1"
    assert not network.random
    assert (network.preprocessing.side, network.preprocessing.mode) == (32, "pad_square")
    labelled = BrightParts(few=FEW)
    found = list(
        predict(network.module, labelled, outcome.parts.validation, network.preprocessing, batch=4)
    )
    assert [each.index for each in found] == list(outcome.parts.validation)
    shares = np.stack([each.distribution for each in found])
    truth = np.stack([labelled.distribution(each.index) for each in found])
    # A network that has hardly learnt says nearly the same of all: what correlates is rounding.
    for name in ("total", "emd", "mae"):
        assert measures(shares, truth)[name] == pytest.approx(
            outcome.results["validation"][name], abs=1e-5
        )


@pytest.mark.parametrize("stop", [1, 3, 6])
def test_stopped_and_resumed_is_the_same_to_the_last_bit(whole, tmp_path, stop):
    folder, outcome, _told = whole
    first = run(tmp_path, max_steps=stop)
    assert (first.state, first.position.step) == ("stopped", stop) if stop < 6 else True
    second = run(tmp_path, resume=True)
    assert second.state == "finished"
    assert weights_of(tmp_path / "last") == weights_of(folder / "last")
    untimed = {"seconds", "images_per_s"}
    assert {k: v for k, v in second.results.items() if k not in untimed} == {
        k: v for k, v in outcome.results.items() if k not in untimed
    }
    steps = [json.loads(x)["step"] for x in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 2, 3, 4, 4, 5, 6, 6]


def test_it_may_be_stopped_wherever_it_is(whole, tmp_path):
    """While photos are decoded, features are made, steps are done or photos are judged."""
    folder, _outcome, _told = whole
    for asked in range(1, 30):
        outcome = run(tmp_path, resume=True, should_stop=stop_after(asked % 5 + 2))
        if outcome.state == "finished":
            break
    assert outcome.state == "finished"
    assert asked > 4
    assert weights_of(tmp_path / "last") == weights_of(folder / "last")


@pytest.mark.parametrize(
    "options",
    [
        {"keep_features": False},
        {"batch_norm": "always", "validation_mode": "train", "emd_root": "batch"},
        {"trainable": "last_block", "optimiser": "sgd", "flips": False},
        {"trainable": "head", "batch_norm": "never", "optimiser": "adamw"},
        {"freeze": "none", "chunk_images": 3, "share": 0.6, "dropout": 0.0},
        {"cache": "disk", "freeze_patience": 1, "halve_patience": 1, "weight_decay": 0.0},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_every_way_resumes_to_the_last_bit(tmp_path, options):
    one, other = tmp_path / "one", tmp_path / "other"
    run(one, **options)
    run(other, max_steps=3, **options)
    run(other, resume=True, **options)
    assert weights_of(other / "last") == weights_of(one / "last")


def test_features_that_are_kept_change_nothing_but_last_digits(tmp_path):
    found = {}
    for keep in (True, False):
        outcome = run(tmp_path / str(keep), keep_features=keep, max_epochs=2, freeze_epochs=2)
        found[keep] = [row["validation"]["emd"] for row in outcome.results["curves"]]
        state = state_load(tmp_path / str(keep))
        found[keep] += state.network["head.weight"].flatten().tolist()
    assert found[True] == pytest.approx(found[False], abs=1e-5)


def test_chunks_change_nothing_where_nothing_goes_by_the_batch(tmp_path):
    heads = []
    for chunk in (0, 3):
        run(tmp_path / str(chunk), chunk_images=chunk, batch_norm="never", optimiser="sgd")
        heads.append(state_load(tmp_path / str(chunk)).network["head.weight"])
    assert torch.allclose(*heads, atol=1e-6)


def test_while_the_new_layer_learns_alone_all_else_stays_as_it_was(tmp_path):
    for batch_norm, moves in (("unfrozen", False), ("always", True)):
        run(tmp_path / batch_norm, batch_norm=batch_norm, max_steps=2)
        after = state_load(tmp_path / batch_norm).network
        run(tmp_path / f"{batch_norm}-before", batch_norm=batch_norm, should_stop=lambda: True)
        # Nothing was saved there: the same network, begun once more.
        assert not (tmp_path / f"{batch_norm}-before" / "states").exists()
        before = network_build(tiny())[0].state_dict()
        changed = {name for name in before if not torch.equal(before[name], after[name])}
        weights = {name for name in changed if "running" not in name and "num_b" not in name}
        assert weights == {"head.weight", "head.bias"}
        assert (changed > weights) is moves


def test_the_last_block_learns_alone_as_the_authors_have_it(tmp_path):
    run(tmp_path, trainable="last_block", freeze="none", max_steps=2)
    before, after = network_build(tiny())[0].state_dict(), state_load(tmp_path).network
    changed = {
        ".".join(name.split(".")[:3])
        for name in before
        if not torch.equal(before[name], after[name])
        and "running" not in name
        and "num_b" not in name
    }
    assert changed == {"backbone.features.18", "head.weight", "head.bias"}


def test_it_learns_from_real_photos(tmp_path):
    """Far better than a guess that knows no photo, on parts of photos that it has not seen."""
    labelled = BrightParts()
    config = tiny(
        backbone="squeezenet1_1", width=1.0, side=64, learning_rate=1e-3, batch=9, max_epochs=16,
        save_steps=1000,
    )  # fmt: skip
    outcome = finetune(config, labelled, members(labelled), tmp_path)
    assert outcome.results["constant"]["emd"] > 0.1
    assert outcome.results["validation"]["emd"] < 0.5 * outcome.results["constant"]["emd"]
    assert outcome.results["validation"]["srcc"] > 0.9
    network = checkpoint_load(tmp_path / "best" / "weights.safetensors")
    found = predict(network.module, labelled, outcome.parts.validation, network.preprocessing)
    shares = np.stack([each.distribution for each in found])
    truth = np.stack([labelled.distribution(index) for index in outcome.parts.validation])
    assert measures(shares, truth) == pytest.approx(outcome.results["validation"], abs=1e-5)


@pytest.mark.slow
def test_a_mobilenet_learns_from_whole_photos(tmp_path, shared):
    """Eighty photos that it has not seen; MobileNetV2 with what the paper does, but faster."""
    labelled = Brightness(FolderPhotos(shared / "data" / "photos"))
    names = [labelled.name(index) for index in range(len(labelled))]
    given = {"train": names[80:], "validation": names[:80]}
    config = tiny(
        width=0.25, side=64, batch=32, max_epochs=40, freeze_epochs=2, workers=2, save_steps=1000
    )
    results = finetune(config, labelled, given, tmp_path).results
    assert results["validation"]["emd"] < 0.75 * results["constant"]["emd"]
    assert results["validation"]["srcc"] > 0.7


def test_the_loss_of_the_released_program_decides_where_it_is_wanted(tmp_path):
    outcome = run(tmp_path, emd_root="batch", max_epochs=2)
    found = outcome.results["validation"]
    assert found["total"] > found["emd"]
    assert outcome.position.best == pytest.approx(
        min(row["validation"]["total"] for row in outcome.results["curves"])
    )


def test_a_training_goes_on_for_more_epochs(tmp_path):
    run(tmp_path, max_epochs=1)
    outcome = run(tmp_path, max_epochs=2, resume=True)
    assert outcome.position.step == 4


def test_it_begins_with_what_another_training_has_left(whole, tmp_path):
    pretrain(pretrain_tiny(), DemoPhotos(), tmp_path / "pretrained")
    folder, _outcome, _told = whole
    for best in (tmp_path / "pretrained" / "best", folder / "best" / "weights.safetensors"):
        told = Told()
        outcome = run(
            tmp_path / best.parent.name / "run",
            weights="file", weights_file=str(best), max_epochs=1, reports=told,
        )  # fmt: skip
        assert outcome.results["initial_weights"]["kind"] == "file"
        assert any("weights.safetensors, SHA-256" in line for line in told.lines)


def test_the_same_schedule_whatever_it_begins_with():
    given = {"batch": 16, "max_epochs": 7}
    first, other = tiny(**given), replace(tiny(**given), weights="imagenet", width=1.0)
    changed = {k for k, v in first.to_json().items() if other.to_json()[k] != v}
    assert changed == {"weights", "width"}
