"""Processes that save states and are killed, or run out of disk; see test_checkpoint_killed."""

import json
import os
import random
import resource
import signal
import sys
import time
from pathlib import Path

import torch

from models_app.training.checkpoint import best_load, best_save, state_load, state_save

KILLS = 8
MODES = {"keep 1": (1, False), "keep 3": (3, False), "the same step again": (1, True)}


def saved(step: int) -> dict[str, torch.Tensor]:
    """Tensors that say which step they are from, 400 kB."""
    return {
        "backbone.weight": torch.full((100_000,), float(step)),
        "backbone.n": torch.tensor(step),
    }


def save_for_ever(folder: Path, keep: int, again: bool) -> None:
    """Go on from the newest state and save until killed; `again`: the same step."""
    state = state_load(folder)
    step = 0 if state is None else state.step
    while True:
        step += 0 if again and step else 1
        if step % 2 == 0 or again:
            best_save(folder, step, saved(step), {"step": step})
        training = {"optimiser": {"state": {0: {"step": torch.tensor(float(step))}}}}
        state_save(folder, step, saved(step), training, {"epoch": step}, keep=keep)


def kill_while_saving(folder: Path, mode: str) -> None:
    """Kill such a process again and again, and print what is there after each time."""
    rng = random.Random(mode)
    for _kill in range(KILLS):
        child = os.fork()
        if not child:
            save_for_ever(folder, *MODES[mode])
        while not (folder / "last").is_symlink():
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.2))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        print(json.dumps({"mode": mode, **found(folder)}))


def found(folder: Path) -> dict[str, object]:
    """Load what was saved."""
    damaged: list[str] = []
    part = bool(list(folder.rglob(".*")))
    state, best = state_load(folder, damaged=lambda name, reason: damaged.append(name)), None
    best = best_load(folder)
    if state is None:
        return {"step": 0}
    return {
        "step": state.step,
        "damaged": damaged,
        "whole": torch.equal(state.network["backbone.weight"], saved(state.step)["backbone.weight"])
        and state.training["optimiser"]["state"][0]["step"].item() == state.step
        and state.info == {"epoch": state.step},
        "best": best is None or best[0]["backbone.n"].item() == best[1]["step"],
        "part": part,
        "left": [path.name for path in folder.rglob(".*")],
    }


def save_with_little_room(folder: Path) -> None:
    """Save where a file may have 100 kB, and print what comes of it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    for save in (
        lambda: state_save(folder, 2, saved(2), {}, {}),
        lambda: best_save(folder, 2, saved(2), {}),
    ):
        try:
            save()
        except OSError:
            print("refused")


if __name__ == "__main__":
    torch.set_num_threads(1)
    root = Path(sys.argv[1])
    if sys.argv[2] == "little":
        save_with_little_room(root)
    else:
        for number, name in enumerate(MODES):
            kill_while_saving(root / str(number), name)
