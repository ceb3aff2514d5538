"""Whole trainings: what they leave, and that going on is the same as never having stopped."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models_app.networks.tensor_files import note_read, tensors_read
from models_app.training.assembly import assemble
from models_app.training.checkpoint import state_load
from models_app.training.pretext.registry import TASKS
from models_app.training.pretraining import pretrain
from models_app.training.processes import Processes
from models_app.training.site import Site
from models_app.training.split import split_make
from tests.models_app.training.runs import NAMES, DemoPhotos, Told, stop_after, tiny, weights_of


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A training that nobody disturbed: its folder and outcome."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, pretrain(tiny(), DemoPhotos(), folder)


def test_it_leaves_states_best_weights_numbers_and_results(whole):
    folder, outcome = whole
    assert outcome.state == "finished"
    assert outcome.position.step == 4
    assert {path.name for path in (folder / "last").iterdir()} == {
        "weights.safetensors",
        "training.safetensors",
        "state.json",
    }
    assert (folder / "best" / "checkpoint.json").is_file()
    assert json.loads((folder / "config.json").read_text()) == tiny().to_json()
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 2, 3, 4, 4]
    results = json.loads((folder / "results" / "results.json").read_text())
    assert results["photos"] == 2
    assert results["initial_weights"]["random"] is True
    assert (folder / "results" / "figure4.svg").is_file()


@pytest.mark.parametrize("task", sorted(TASKS))
def test_a_crash_before_an_epochs_validation_costs_nothing(tmp_path, task):
    options = tiny(task=task, save_steps=1, distortions="brightness,contrast,hcrop,vcrop")

    def saved(path: Path) -> None:
        if int(path.name) == 2:
            raise ZeroDivisionError("as a crash would")

    with pytest.raises(ZeroDivisionError):
        pretrain(options, DemoPhotos(), tmp_path / "crashed", saved=saved)
    going_on = pretrain(options, DemoPhotos(), tmp_path / "crashed", resume=True)
    whole = pretrain(options, DemoPhotos(), tmp_path / "whole")
    assert going_on.state == whole.state == "finished"
    assert weights_of(tmp_path / "crashed" / "last") == weights_of(tmp_path / "whole" / "last")


def test_weights_say_what_they_are(whole):
    folder, _outcome = whole
    file = folder / "best" / "weights.safetensors"
    note = note_read(file)
    assert note["kind"] == "pretrained"
    assert note["random"] is True
    assert note["config"] == tiny().to_json()
    assert any(name.startswith("backbone.features.18") for name in tensors_read(file))


def test_it_tells_losses_weights_speed_and_accuracies(tmp_path):
    told = Told()
    pretrain(tiny(), DemoPhotos(), tmp_path, reports=told)
    for name in (
        *("loss/ranking", "loss/regression", "loss/total", "balanced/ranking", "weight/ranking"),
        *("learning_rate", "learning_rate/heads", "memory/mb", "speed/images_per_s"),
        *("share/decode", "share/render", "share/forward", "share/backward", "share/other"),
        *("validation/total", "validation/ranking", "rank_accuracy/all", "rank_accuracy/style"),
        *("regression_error/all", "skipped_steps", "unreadable_photos"),
    ):
        assert name in told.curves, name
    assert told.curves["learning_rate"][1] == 0  # the heads alone
    assert told.curves["learning_rate"][2] > 0
    shares = [told.curves[f"share/{n}"][2] for n in ("decode", "render", "forward", "backward")]
    assert 0 < sum(shares) <= 1
    assert told.done[-1] == (8, 8)
    assert any("initial weights: random" in line for line in told.lines)


@pytest.mark.parametrize("stop", [1, 3])
def test_stopped_and_resumed_is_the_same_to_the_last_bit(whole, tmp_path, stop):
    folder, outcome = whole
    first = pretrain(tiny(), DemoPhotos(), tmp_path, should_stop=stop_after(stop + 1))
    assert first.state == "stopped"
    assert first.position.step == stop
    second = pretrain(tiny(), DemoPhotos(), tmp_path, resume=True)
    assert second.state == "finished"
    assert weights_of(tmp_path / "last") == weights_of(folder / "last")
    assert second.results == outcome.results
    steps = [
        json.loads(line)["step"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()
    ]
    assert steps == [1, 2, 2, 3, 4, 4]


@pytest.mark.parametrize(
    "options",
    [
        {"bn_group": "photo", "memory": "cache", "balance": "uncertainty"},
        pytest.param(
            {"bn_group": "chunk", "chunk_images": 10, "optimiser": "adamw", "schedule": "cosine"},
            marks=pytest.mark.slow,
        ),
        # A chunk that is measured may differ between two runs, and with it the last digits.
        {
            **{"bn_group": "frozen", "chunk_images": 20},
            **{"trainable": "last_block", "score_head": "three"},
        },
        pytest.param(
            {
                **{"bn_group": "variant", "optimiser": "sgd"},
                **{"task": "classification", "distortions": "hcrop,vcrop,tint"},
            },
            marks=pytest.mark.slow,
        ),
        {"memory": "checkpoint", "agreement": True, "rank_across_photos": True},
        pytest.param(
            {"task": "simclr", "backbone": "resnet18", "width": 1.0}, marks=pytest.mark.slow
        ),
        {"task": "rotnet", "balance": "logsumexp", "distortions": "all"},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_every_way_to_compute_resumes_to_the_last_bit(tmp_path, options):
    config = tiny(**options)
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    pretrain(config, DemoPhotos(), whole)
    pretrain(config, DemoPhotos(), halved, max_steps=3)
    pretrain(config, DemoPhotos(), halved, resume=True)
    assert weights_of(halved / "last") == weights_of(whole / "last")


def test_a_damaged_state_is_told_and_the_one_before_is_used(whole, tmp_path):
    folder, _outcome = whole
    pretrain(tiny(), DemoPhotos(), tmp_path, max_steps=3)
    damaged = tmp_path / "last" / "training.safetensors"
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    told = Told()
    pretrain(tiny(), DemoPhotos(), tmp_path, resume=True, reports=told)
    assert any("00000003 is damaged" in line for line in told.lines)
    assert "Goes on from step 2." in told.lines
    assert weights_of(tmp_path / "last") == weights_of(folder / "last")


def test_a_training_goes_on_for_more_epochs(tmp_path):
    pretrain(tiny(epochs=1), DemoPhotos(), tmp_path)
    outcome = pretrain(tiny(epochs=2), DemoPhotos(), tmp_path, resume=True)
    assert outcome.position.step == 4


def test_the_best_epoch_is_measured_not_the_last(tmp_path):
    told = Told()
    config = tiny(epochs=3, learning_rate=0.3)
    outcome = pretrain(config, DemoPhotos(), tmp_path, reports=told)
    totals = list(told.curves["validation/total"].values())
    assert outcome.position.best_epoch == totals.index(min(totals)) + 1
    assert outcome.results is not None
    losses = outcome.results["losses"]
    assert sum(losses.values()) == pytest.approx(min(totals), rel=1e-6)


def test_the_best_may_be_chosen_by_rank_accuracy(tmp_path):
    told = Told()
    config = tiny(epochs=3, learning_rate=0.1, select_by="rank_accuracy")
    outcome = pretrain(config, DemoPhotos(), tmp_path, reports=told)
    found = list(told.curves["rank_accuracy/all"].values())
    assert outcome.position.best == -max(found)
    assert outcome.results is not None
    assert outcome.results["rank_accuracy"]["all"]["accuracy"]["value"] == pytest.approx(max(found))


def test_test_photos_are_measured_where_there_are_any(tmp_path):
    config = tiny(validation_share=0.34, test_share=0.34, epochs=1)
    outcome = pretrain(config, DemoPhotos(), tmp_path)
    assert outcome.results is not None
    assert (outcome.results["split"], outcome.results["photos"]) == ("test", 2)


def test_every_task_starts_from_the_same_backbone(tmp_path):
    found = {}
    for task in TASKS:
        config = tiny(warmup_steps=10, bn_group="frozen", distortions="hcrop,vcrop", task=task)
        pretrain(config, DemoPhotos(NAMES[:4]), tmp_path / task, max_steps=1)
        state = state_load(tmp_path / task)
        assert state is not None
        found[task] = {k: v for k, v in state.network.items() if k.startswith("backbone.")}
    first = found.pop("ranking")
    for task, weights in found.items():
        assert weights.keys() == first.keys()
        assert all(torch.equal(weights[name], first[name]) for name in first), task


@pytest.mark.parametrize(
    "options", [{"variant_cache_mb": 100}, {"render_ahead": "on", "decoders": 3}], ids=list
)
def test_variants_that_are_kept_or_made_ahead_change_nothing(tmp_path, options):
    plain = tiny(redraw_noise=False)
    pretrain(plain, DemoPhotos(), tmp_path / "plain")
    pretrain(replace(plain, **options), DemoPhotos(), tmp_path / "other")
    names = ("plain", "other")
    states = [state_load(Path(tmp_path, name)) for name in names]
    assert states[0] is not None
    assert states[1] is not None
    one, two = (state.network for state in states if state is not None)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_going_on_to_a_step_that_is_done_does_nothing(tmp_path):
    pretrain(tiny(), DemoPhotos(), tmp_path, max_steps=2)
    for most in (2, 1):
        outcome = pretrain(tiny(), DemoPhotos(), tmp_path, resume=True, max_steps=most)
        assert (outcome.state, outcome.position.step) == ("stopped", 2)


def test_how_steps_are_computed_is_found_anew_on_another_device(tmp_path):
    pretrain(tiny(), DemoPhotos(), tmp_path, max_steps=1)
    state = state_load(tmp_path)
    assert state is not None
    assert state.info["position"]["device"] == "cpu"
    assert state.info["position"]["choice"]["memory"] == "plain"
    told = Told()
    pretrain(tiny(), DemoPhotos(), tmp_path, resume=True, max_steps=2, reports=told)
    assert not any("GB" in line for line in told.lines if "measured" in line)
    state.info["position"]["device"] = "another"
    at = Site(
        photos=DemoPhotos(),
        split=split_make(DemoPhotos(), tiny()),
        folder=tmp_path,
        reports=told,
        processes=Processes(),
        device=torch.device("cpu"),
        saved=lambda path: None,
    )
    assert assemble(tiny(), at, state).parts.stepper.choice is None


def test_weights_do_not_tell_where_photos_lay(tmp_path):
    config = tiny(photos="/home/alice/secret/holiday")
    pretrain(config, DemoPhotos(), tmp_path, max_steps=2)
    for file in (*tmp_path.glob("best/*"), tmp_path / "last" / "weights.safetensors"):
        assert b"alice" not in file.read_bytes(), file
