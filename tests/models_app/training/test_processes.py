"""Several processes that train one network."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from models_app.training.checkpoint import state_load
from models_app.training.networks import network_build
from models_app.training.pretext.building import pretext_build
from models_app.training.processes import Processes
from tests.models_app.training.runs import photos_write, tiny


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return photos_write(tmp_path_factory.mktemp("photos"))


def train(photos: Path, folder: Path, processes: int, **options: object) -> dict[str, torch.Tensor]:
    """Train on the command line; return the network's last weights."""
    folder.mkdir()
    config = folder / "config.json"
    config.write_text(json.dumps(tiny(epochs=2, **options).to_json()))
    start = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    done = subprocess.run(
        [
            sys.executable,
            *(start if processes > 1 else ()),
            *("-m", "models_app.training.run", config, "--photos", photos),
            *("--output", folder / "run", "--max-steps", "2"),
        ],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    state = state_load(folder / "run")
    assert state is not None
    assert state.step == 2
    return state.network


@pytest.mark.parametrize(
    "options",
    [
        # One process has no photo of the second batch.
        {"bn_group": "photo", "memory": "plain", "balance": "exp", "photos_per_batch": 3},
        # Of a random network; MobileNetV2's features are almost nothing without normalisation.
        pytest.param(
            {
                **{"bn_group": "frozen", "memory": "cache", "balance": "uncertainty"},
                **{"backbone": "resnet18", "width": 1.0},
            },
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda options: options["bn_group"],
)
def test_two_processes_are_one(photos, tmp_path, options):
    """Two steps, one of the heads alone, one of all: later ones enlarge what rounding has left."""
    # Without RMSprop, whose first steps have the same size however small a gradient is.
    options = {"optimiser": "sgd", "learning_rate": 1e-5, "warmup_steps": 1, **options}
    one = train(photos, tmp_path / "one", 1, **options)
    two = train(photos, tmp_path / "two", 2, **options)
    config = tiny(**options)
    before = network_build(config, pretext_build(config))[0].state_dict()
    names = [name for name, tensor in before.items() if tensor.is_floating_point()]
    for part in ("backbone.", "heads."):
        own = [name for name in names if name.startswith(part)]
        moved = math.hypot(*(float((one[name] - before[name]).norm()) for name in own))
        apart = math.hypot(*(float((one[name] - two[name]).norm()) for name in own))
        assert moved > 1e-5
        assert apart < 1e-4 * moved


def test_alone_nothing_changes():
    alone = Processes()
    losses = {"a": torch.tensor(2.0, requires_grad=True)}
    assert alone.means(losses, 3)["a"] is losses["a"]
    assert alone.agree(True)
    assert not alone.agree(False)
    assert alone.gather("x") == ["x"]
