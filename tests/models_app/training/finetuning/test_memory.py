"""Where memory runs out."""

import subprocess
import sys

import pytest

from models_app.training import allocator
from models_app.training.finetuning import features
from tests.models_app.training.finetuning.labels import run


def limited(spare: int, chunk: int) -> str:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.models_app.training.finetuning.short_memory"),
            *(str(spare), str(chunk)),
        ],
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_memory_that_runs_out_is_one_sentence():
    assert limited(60, 0) == (
        "MemoryShort: A step of 12 photos of side 128 needs more memory than this machine has "
        "left; lower batch or side, or set chunk_images to fewer photos."
    )


@pytest.mark.skipif(allocator._glibc() is None, reason="the C library is not glibc")
def test_freed_memory_is_kept_while_the_features_of_frozen_layers_are_made(tmp_path, monkeypatch):
    monkeypatch.setattr(features, "PIECE", 4)
    keeping = []

    def asked() -> bool:
        keeping.append(allocator._users)
        return False

    run(tmp_path, max_epochs=1, should_stop=asked)
    # Photos are decoded; six pieces of 22 photos, of which the first shows what they need; two
    # steps of the new layer, which need something else.
    assert keeping[:9] == [0, 0, 1, 1, 1, 1, 1, 0, 1]
    assert allocator._users == 0


@pytest.mark.slow
def test_what_is_advised_helps():
    assert limited(2000, 0) == "5 questions, 2 steps"
    assert limited(150, 2) == "5 questions, 2 steps"
