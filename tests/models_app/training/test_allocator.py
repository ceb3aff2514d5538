"""Freed memory is kept between steps, given back at the end, and changes no number."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from models_app.training import allocator
from models_app.training.allocator import StepMemory, freed_memory_kept
from models_app.training.pretraining import pretrain
from tests.models_app.training.allocating import BLOCK
from tests.models_app.training.runs import DemoPhotos, tiny, weights_of

ROOT = Path(__file__).resolve().parents[3]
PAGES = 2 * 3 * BLOCK // os.sysconf("SC_PAGE_SIZE")
VARIABLES = ("MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")

pytestmark = pytest.mark.skipif(allocator._glibc() is None, reason="the C library is not glibc")


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name in (*VARIABLES, "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)


def alone(*arguments, **variables):
    """Run `allocating` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.models_app.training.allocating", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_blocks_stay_inside_and_go_back_afterwards():
    told = alone("blocks")
    assert told["outside"] > 0.9 * PAGES
    # An inner one that ends does not end the outer one.
    assert told["inside"] < 0.01 * PAGES
    # One of three blocks may lie in what the heap still has in one piece.
    assert told["after"] > 0.5 * PAGES
    # Three blocks or more are kept; then all of them are gone.
    assert told["kept"] > told["resident"] + 2.5 * BLOCK
    assert told["left"] < told["resident"] + 0.5 * BLOCK
    # Another thread's are mapped as ever: none fails, none is kept.
    assert told["thread"] > 0.9 * PAGES


@pytest.mark.slow
def test_a_training_takes_fewer_pages_gives_them_back_and_computes_the_same(tmp_path):
    kept = alone("train", tmp_path / "kept")
    # glibc's own values, set by a person, win.
    plain = alone(
        *("train", tmp_path / "plain"),
        **{VARIABLES[0]: "65536", VARIABLES[1]: str(128 * 1024)},
    )
    assert kept["weights"] == plain["weights"]
    # Two steps of warm-up, and the first with all layers, show what they need.
    assert sum(kept["steps"][4:]) < 0.5 * sum(plain["steps"][4:])
    assert kept["left"] < plain["left"] + 0.5 * BLOCK
    assert kept["left"] < kept["most"] - 3 * BLOCK
    assert not any("hand their memory back" in line for line in kept["log"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("MALLOC_MMAP_MAX_", "65536"), ("GLIBC_TUNABLES", "glibc.malloc.mmap_max=65536")],
)
def test_what_the_environment_sets_is_left_alone(name, value):
    assert alone("blocks", **{name: value})["inside"] > 0.9 * PAGES


def test_weights_are_the_same_to_the_last_bit(tmp_path, monkeypatch):
    pretrain(tiny(), DemoPhotos(), tmp_path / "kept")
    for name in VARIABLES:
        monkeypatch.setenv(name, "1000000")
    pretrain(tiny(), DemoPhotos(), tmp_path / "plain")
    assert weights_of(tmp_path / "kept" / "last") == weights_of(tmp_path / "plain" / "last")


def test_it_begins_after_a_step_of_each_kind():
    log, keeping = [], []
    steps = [(7, "heads"), (7, "heads"), (8, "heads"), (9, "all"), (10, "all"), (11, "all")]
    with StepMemory(torch.device("cpu"), log.append) as memory:
        for step, kind in steps:
            memory.before_step(step, kind)
            keeping.append(allocator._users)
    # A step that could not be done, the second 7, shows nothing.
    assert keeping == [0, 0, 1, 0, 1, 1]
    assert allocator._users == 0
    assert log == []


def test_without_room_nothing_is_kept_and_the_log_says_so(monkeypatch):
    monkeypatch.setattr(allocator, "ROOM", 1e6)
    log = []
    with StepMemory(torch.device("cpu"), log.append) as memory:
        for step in range(4):
            memory.before_step(step, "all")
            assert allocator._users == 0
    (line,) = log
    assert line.startswith("Steps hand their memory back each time, which is slower: ")


def test_on_a_gpu_nothing_is_done():
    with StepMemory(torch.device("cuda"), pytest.fail) as memory:
        for step in range(3):
            memory.before_step(step, "all")
            assert allocator._users == 0


def test_an_error_ends_it():
    def fails():
        assert allocator._users == 1
        raise RuntimeError("step failed")

    with pytest.raises(RuntimeError, match="step failed"), freed_memory_kept():
        fails()
    assert allocator._users == 0
