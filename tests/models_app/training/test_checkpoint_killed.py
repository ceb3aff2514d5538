"""States of processes that are killed while they save, and of full disks."""

import json
import subprocess
import sys
from pathlib import Path

from models_app.training.checkpoint import best_load, best_save, state_load, state_save
from tests.models_app.training.saving import KILLS, MODES, saved

COMMAND = [sys.executable, "-m", "tests.models_app.training.saving"]


def test_a_state_is_intact_after_every_kill(tmp_path: Path):
    done = subprocess.run([*COMMAND, str(tmp_path), "kill"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == KILLS * len(MODES)
    for mode in MODES:
        steps = [each["step"] for each in told if each["mode"] == mode]
        assert steps == sorted(steps)
        assert steps[0] >= 1
    for each in told:
        assert each["whole"], each
        assert each["best"], each
        assert each["damaged"] == []
        assert each["left"] == []
    # Kills that never met a process while it was saving would show nothing.
    assert any(each["part"] for each in told)


def test_a_full_disk_leaves_the_older_state(tmp_path: Path):
    state_save(tmp_path, 1, saved(1), {}, {"epoch": 1})
    best_save(tmp_path, 1, saved(1), {"epoch": 1})
    before = sorted(tmp_path.rglob("*"))
    done = subprocess.run([*COMMAND, str(tmp_path), "little"], capture_output=True, text=True)
    assert done.stdout == "refused\nrefused\n", done.stderr
    assert sorted(tmp_path.rglob("*")) == before
    state, best = state_load(tmp_path), best_load(tmp_path)
    assert state is not None
    assert state.step == 1
    assert best is not None
    assert best[1] == {"epoch": 1}
