"""The command line, killed with -9 and resumed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models_app.training.checkpoint import state_load
from models_app.training.run import main
from tests.models_app.training.runs import photos_write, tiny, weights_of


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A configuration, and a folder of photos."""
    folder = tmp_path_factory.mktemp("given")
    photos_write(folder / "photos")
    config = tiny(epochs=6, photos="photos", save_steps=2, photos_per_batch=1)
    (folder / "config.json").write_text(json.dumps(config.to_json()))
    return folder / "config.json"


def begin(config: Path, output: Path, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "models_app.training.run", config, "--output", output, *more],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def steps_told(output: Path) -> int:
    file = output / "metrics.jsonl"
    return len(file.read_bytes().splitlines()) if file.exists() else 0


def test_killed_anywhere_and_resumed_is_the_same_to_the_last_bit(given, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    running = begin(given, whole)
    chosen = sorted(random.Random(1).sample(range(1, 24), 3))
    for step in chosen:
        process = begin(given, killed, "--resume")
        while process.poll() is None and steps_told(killed) < step:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    _out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err.decode()
    last = begin(given, killed, "--resume")
    _out, err = last.communicate(timeout=120)
    assert last.returncode == 0, err.decode()
    assert weights_of(killed / "last") == weights_of(whole / "last"), chosen
    assert (killed / "results" / "scores.csv").read_bytes() == (
        whole / "results" / "scores.csv"
    ).read_bytes()


def test_terminated_it_saves_and_says_how_to_go_on(given, tmp_path):
    process = begin(given, tmp_path / "run")
    while steps_told(tmp_path / "run") < 3:
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    out, _err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert b"go on with --resume" in out
    state = state_load(tmp_path / "run")
    assert state is not None
    assert f"Stopped at step {state.step} " in out.decode()


def test_it_ends_with_what_came_out(given, tmp_path, capsys):
    assert main([str(given), "--output", str(tmp_path / "run"), "--max-steps", "2"]) == 0
    assert "Stopped at step 2 of epoch 1" in capsys.readouterr().out
    assert main([str(given), "--output", str(tmp_path / "run"), "--resume"]) == 0
    out = capsys.readouterr().out
    assert "Finished after 24 steps" in out
    assert "rank accuracy style:" in out


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"epocs": 3}', "'epocs' is no option here"),
        ('{"epochs": 0}', "epochs is 0; allowed are numbers from 1 to"),
        ("{", "is no JSON"),
        ('{"weights": "random"}', "photos is empty; name a folder"),
        ('{"weights": "random", "photos": "nowhere"}', "There is no folder"),
        ('{"weights": "random", "photos": ".", "device": "cuda"}', "torch finds no NVIDIA GPU"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, capsys, content, sentence):
    if "cuda" in content:
        torch = pytest.importorskip("torch")
        if torch.cuda.is_available():
            pytest.skip("There is a GPU here.")
    (tmp_path / "config.json").write_text(content)
    assert main([str(tmp_path / "config.json"), "--output", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert "Traceback" not in said
    assert not (tmp_path / "run").exists()
