"""A pretraining whose worker is killed ends with the weights of one that nobody disturbed."""

import os
import signal

import pytest

from models_app.models import Job
from models_app.services import jobs
from tests.config.conftest import wait_until
from tests.factories import file_read
from tests.faults.conftest import Site, ends, kill_group
from tests.findings import photos_make

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]
# Long enough for a state to be stored with the job, which happens every twenty seconds.
CONFIG = {
    "dataset": "d", "weights": "random", "width": 0.1, "side": 32, "epochs": 60,
    "photos_per_batch": 2, "distortions": "brightness,jpeg_compression", "warmup_steps": 0,
    "validation_share": 0.3, "test_share": 0.0, "device": "cpu", "decoders": 1, "save_steps": 5,
}  # fmt: skip


def weights(job: Job) -> dict[str, bytes]:
    from safetensors.numpy import load

    return {name: each.tobytes() for name, each in load(file_read(job.made.get().file)).items()}


def launch(site: Site) -> Job:
    site.worker(OMP_NUM_THREADS="1")
    return jobs.job_create("pretrain", CONFIG)


def stored(job: Job) -> bool:
    return bool(Job.objects.get(pk=job.pk).resume.get("states"))


@pytest.mark.parametrize("killed", ["pool process", "worker"])
def test_killed_it_goes_on_from_a_stored_state(site: Site, real_photos, killed):
    photos_make(real_photos)
    whole, hurt = launch(site), launch(site)
    assert wait_until(lambda: stored(hurt), seconds=240)
    worker = Job.objects.get(pk=hurt.pk).worker.split("/")
    if killed == "worker":
        own = worker[1].split("-")[0]
        kill_group(next(each for each in site.processes if str(each.pid) == own))
    else:
        os.kill(int(worker[2]), signal.SIGKILL)
    ends(site, whole, seconds=300)
    ends(site, hurt, seconds=300)
    assert hurt.attempt == 2
    assert "Goes on from step" in hurt.log
    assert weights(hurt) == weights(whole)
