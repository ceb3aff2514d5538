"""Fine-tune in a process that may have little more memory than it has: for test_memory.

Arguments: spare MiB, chunk_images.
"""

import ctypes
import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from models_app.training.errors import MemoryShort
from models_app.training.finetuning.tuning import finetune
from tests.models_app.training.finetuning.labels import BrightParts, members, tiny


def main(spare: int, chunk: int) -> None:
    torch.set_num_threads(1)
    asked = 0

    def limit() -> bool:
        """Set the limit once photos are decoded, before the first step."""
        nonlocal asked
        asked += 1
        if asked == 2:
            ctypes.CDLL(None).malloc_trim(0)
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + spare * 2**20
            resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
        return False

    config = tiny(
        batch=12, side=128, width=1.0, freeze="none", chunk_images=chunk, save_steps=1000
    )  # fmt: skip
    labelled = BrightParts(few=33)
    with TemporaryDirectory() as folder:
        outcome = finetune(
            config, labelled, members(labelled), Path(folder), max_steps=2, should_stop=limit
        )
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
        print(f"{asked} questions, {outcome.position.step} steps")


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]))
    except MemoryShort as error:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
        print(f"MemoryShort: {error}")
