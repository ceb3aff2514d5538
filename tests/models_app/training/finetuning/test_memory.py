"""Where memory runs out."""

import subprocess
import sys

import pytest


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


@pytest.mark.slow
def test_what_is_advised_helps():
    assert limited(2000, 0) == "5 questions, 2 steps"
    assert limited(150, 2) == "5 questions, 2 steps"
