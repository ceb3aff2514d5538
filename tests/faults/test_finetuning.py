"""A fine-tuning whose worker is killed ends with the weights of one that nobody disturbed."""

import csv
import io
import os
import signal

import pytest

from models_app.models import Job
from models_app.services import jobs
from tests.config.conftest import wait_until
from tests.evaluations import label_set_make, split_make
from tests.factories import file_read
from tests.faults.conftest import Site, ends, kill_group
from tests.faults.test_training import stored, weights
from tests.findings import photos_make

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]
# Long enough to be killed on the way; every step leaves a state, and the first is stored at once.
CONFIG = {
    "label_set": "labels", "split": "split", "weights": "random", "width": 0.1, "side": 32,
    "max_epochs": 60, "stop_patience": 1000, "batch": 2, "freeze_epochs": 5, "device": "cpu",
    "workers": 1, "save_steps": 1,
}  # fmt: skip


def predictions(job: Job) -> list[list[str]]:
    """What the best weights say of the validation photos."""
    content = file_read(job.artifacts.get(name="validation.csv").file).decode()
    return list(csv.reader(io.StringIO(content)))


def launch(site: Site) -> Job:
    site.worker(OMP_NUM_THREADS="1")
    return jobs.job_create("finetune", CONFIG)


@pytest.mark.parametrize("killed", ["pool process", "worker"])
def test_killed_in_the_middle_it_ends_as_if_nothing_had_been(site: Site, real_photos, killed):
    split_make(label_set_make(photos_make(real_photos)), test=2)
    whole, hurt = launch(site), launch(site)
    assert wait_until(lambda: stored(hurt), seconds=240)
    job = Job.objects.get(pk=hurt.pk)
    assert job.state == "running"
    worker = job.worker.split("/")
    if killed == "worker":
        own = worker[1].split("-")[0]
        kill_group(next(each for each in site.processes if str(each.pid) == own))
    else:
        os.kill(int(worker[2]), signal.SIGKILL)
    ends(site, whole, seconds=300)
    ends(site, hurt, seconds=300)
    assert (whole.attempt, hurt.attempt) == (1, 2)
    assert "Goes on from step" in hurt.log
    assert weights(hurt) == weights(whole)
    assert predictions(hurt) == predictions(whole)
    untimed = {"seconds", "images_per_s", "memory_mb"}
    assert {k: v for k, v in hurt.result.items() if k not in untimed} == {
        k: v for k, v in whole.result.items() if k not in untimed
    }
    # Whoever decoded first, the other one need not.
    decoded = list((site.var / "decoded").iterdir())
    assert sorted(path.suffix for path in decoded) == [".bin", ".json", ".keys"]
