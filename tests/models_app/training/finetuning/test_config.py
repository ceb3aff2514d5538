"""The options of a fine-tuning: checked, the same for every initialisation, with no torch."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.settings import settings_of

CONFIGS = Path(__file__).parents[4] / "bench" / "configs"
FILES = sorted(CONFIGS.glob("finetune-*.json"))


def test_defaults_are_the_papers():
    config = FinetuneConfig()
    assert (config.dropout, config.batch, config.weight_decay) == (0.75, 450, 4e-5)
    assert (config.learning_rate, config.head_learning_rate) == (1e-4, 1e-3)
    assert (config.halve_patience, config.halve_factor, config.stop_patience) == (5, 0.5, 10)
    assert (config.emd_root, config.validation_mode, config.freeze) == ("sample", "eval", "plateau")
    assert (config.optimiser, config.flips, config.share, config.side) == ("adam", True, 1.0, 224)


def test_every_option_is_explained_and_comes_back_from_json():
    for name, known in settings_of(FinetuneConfig).items():
        assert known.label, name
        assert known.help.endswith("."), name
        assert known.group, name
    config = FinetuneConfig(width=0.25, weights="random", share=0.4, cache="disk")
    assert FinetuneConfig.from_json(config.to_json()) == config


def test_a_random_backbone_is_that_of_a_pretraining_with_the_same_seed():
    config = FinetuneConfig(weights="random", seed=7, width=0.25, side=96)
    made = config.network_config()
    assert made == TrainConfig(weights="random", seed=7, width=0.25, side=96)


def test_paths_are_not_given_away():
    config = FinetuneConfig(weights="file", weights_file="/home/a/w.pt", cache_folder="/mnt/b/c")
    shared = config.to_json_shared()
    assert (shared["weights_file"], shared["cache_folder"]) == ("w.pt", "c")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"dropout": 1}, "dropout is 1.0; allowed are numbers from 0 to 0.99"),
        ({"share": 0}, "share is 0.0; allowed are numbers from"),
        ({"batch": 2.5}, "batch is 2.5; it must be a whole number"),
        ({"freeze": "plato"}, "freeze is 'plato'; allowed are: plateau, none"),
        ({"backbone": " "}, "backbone is empty"),
        ({"weights": "file"}, "weights is file, and weights_file is empty"),
        ({"width": 0.5}, "There are no ImageNet weights of a MobileNetV2 of width 0.5"),
        ({"chunk_images": 8, "emd_root": "batch"}, "emd_root is batch, a root over the whole"),
        ({"chunk_images": 8, "sync_bn": True}, "sync_bn normalises over all GPUs"),
        ({"sync_bn": True, "validation_mode": "train"}, "sync_bn waits for all GPUs"),
    ],
)
def test_what_cannot_be_is_refused_with_one_sentence(options, sentence):
    with pytest.raises(ConfigInvalid, match=sentence) as caught:
        FinetuneConfig.from_json(options)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_configuration_to_start_from_is_valid(path: Path):
    assert FinetuneConfig.from_file(path).to_json()


def test_the_configurations_differ_in_what_they_say():
    found = {path.stem: FinetuneConfig.from_file(path) for path in FILES}
    assert set(found) == {"finetune-paper", "finetune-authors", "finetune-cpu-small"}
    paper = found["finetune-paper"]
    assert replace(paper, weights="imagenet", device="auto", workers=2) == FinetuneConfig()
    changed = {
        name
        for name, value in found["finetune-authors"].to_json().items()
        if value != paper.to_json()[name]
    }
    assert changed == {
        *("trainable", "batch_norm", "validation_mode", "emd_root", "freeze_patience"),
        *("subset", "halve_patience"),
    }


def test_the_web_process_may_read_it():
    program = (
        "import sys, models_app.training.finetuning.config, models_app.training.finetuning.errors\n"
        "print([n for n in ('torch', 'torchvision', 'safetensors', 'django') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
