"""Allocate, or train, in a process of its own and print what it cost as JSON: for test_allocator.

Arguments: blocks; or train and a folder.
"""

import json
import resource
import sys
from pathlib import Path
from threading import Thread

import torch

from models_app.training.allocator import freed_memory_kept
from models_app.training.pretraining import pretrain
from tests.models_app.training.runs import DemoPhotos, Told, tiny, weights_of

BLOCK = 100 * 2**20


def faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def taken(rounds: int = 2) -> int:
    """Return the pages that three large blocks take from the system, over and over."""
    before = faults()
    for _ in range(rounds):
        blocks = [torch.ones(BLOCK, dtype=torch.uint8) for _ in range(3)]
        del blocks
    return faults() - before


def elsewhere() -> int:
    """Return the same in another thread."""
    found: list[int] = []
    thread = Thread(target=lambda: found.append(taken()))
    thread.start()
    thread.join()
    return found[0]


def blocks() -> dict[str, int]:
    told = {"outside": taken(), "resident": resident()}
    with freed_memory_kept():
        taken()
        with freed_memory_kept():
            pass
        told |= {"inside": taken(), "kept": resident(), "thread": elsewhere()}
    return told | {"left": resident(), "after": taken()}


class Pages(Told):
    """Remembers the pages taken by each step, and the most memory in between."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = [faults()]
        self.resident = 0

    def progress(self, done, total):
        super().progress(done, total)
        self.pages.append(faults())
        self.resident = max(self.resident, resident())


def train(folder: Path) -> dict[str, object]:
    told = Pages()
    config = tiny(side=128, width=0.5, warmup_steps=2, epochs=3, save_steps=100)
    pretrain(config, DemoPhotos(), folder, reports=told)
    steps = [after - before for before, after in zip(told.pages, told.pages[1:], strict=False)]
    return {
        "steps": steps,
        "most": told.resident,
        "left": resident(),
        "weights": weights_of(folder / "last"),
        "log": told.lines,
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    made = blocks() if sys.argv[1] == "blocks" else train(Path(sys.argv[2]))
    print(json.dumps(made))
