"""The configurations of the measured runs are valid, and differ in what they say they do."""

from dataclasses import asdict
from pathlib import Path

import pytest

from models_app.training.config import TrainConfig

FOLDER = Path(__file__).parents[3] / "bench" / "configs"
# Those of fine-tunings and studies have tests of their own.
FILES = sorted(
    path for path in FOLDER.glob("*.json") if not path.stem.startswith(("finetune-", "study-"))
)
TASK_OF = {
    "gpu-ranking": "ranking",
    "gpu-authors": "ranking",
    "gpu-ranking-regression": "ranking_regression",
    "gpu-ranking-classification": "ranking_classification",
    "gpu-regression": "regression",
    "gpu-classification": "classification",
    "gpu-rotnet": "rotnet",
    "gpu-simclr": "simclr",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_a_valid_configuration(path: Path):
    config = TrainConfig.from_file(path)
    # A run whose weights come from nowhere but itself can be made anywhere.
    assert config.weights == "random"


def test_all_gpu_runs_are_there_and_differ_from_ranking_in_one_thing():
    found = {
        path.stem: TrainConfig.from_file(path) for path in FILES if path.stem.startswith("gpu-")
    }
    assert {name: config.task for name, config in found.items()} == TASK_OF
    first = asdict(found["gpu-ranking"])
    changed = {
        name: {key for key, value in asdict(config).items() if value != first[key]}
        for name, config in found.items()
    }
    assert changed.pop("gpu-ranking") == set()
    assert changed.pop("gpu-authors") == {"trainable"}
    # Two views a photo: SimCLR needs more photos to contrast.
    assert changed.pop("gpu-simclr") == {"task", "photos_per_batch"}
    assert all(names == {"task"} for names in changed.values())
