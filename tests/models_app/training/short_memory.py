"""Run a step in a process that may have little more memory than it has: for test_choosing.

Arguments: spare MiB, bn_group, memory.
"""

import ctypes
import resource
import sys
from pathlib import Path

import torch

from models_app.datasets.demo import demo_photos
from models_app.training.errors import MemoryShort
from models_app.training.statistics import BatchStatistics
from models_app.training.steps.choosing import Choice
from models_app.training.steps.stepper import Stepper
from tests.models_app.training.step_parts import (
    assert_close,
    averages,
    batch_of,
    gradients,
    network_small,
    objective,
    small,
)

SIDE = 96
# Sums in chunks of another size, through 53 layers with kinks; measured below 3e-3.
CLOSE = 0.01


def main(spare: int, group: str, memory: str) -> None:
    torch.set_num_threads(1)
    pictures = batch_of(list(demo_photos()), SIDE, 6)
    options = {"bn_group": group, "side": SIDE, "width": 1.0, "memory": memory}
    choice = Choice(memory="plain").to_json()
    results = []
    for limited in (True, False):
        network = network_small(**options)
        statistics = BatchStatistics(network, frozen=group == "frozen")
        log = print if limited else (lambda _text: None)
        stepper = Stepper(small(**options), network, statistics, choice=choice, log=log)
        if limited:
            # What libraries allocate once is there before the limit counts.
            stepper.step(pictures[:1], None, objective, step=0, places=[0])
            statistics.drop()
            ctypes.CDLL(None).malloc_trim(0)
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + spare * 2**20
            resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
        stepper.step(pictures, None, objective, step=1, places=range(len(pictures)))
        statistics.commit()
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
        results.append((gradients(network), averages(network)))
    assert_close(results[0][0], results[1][0], CLOSE)
    assert_close(results[0][1], results[1][1], 1e-5)


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), *sys.argv[2:])
    except MemoryShort as error:
        print(f"MemoryShort: {error}")
