"""Checkpoints and checks for tests: random weights, small inputs, real photos."""

from pathlib import Path
from tempfile import TemporaryDirectory

from models_app.models import Checkpoint, Dataset, Job
from models_app.services.checkpoints import import_launch, upload_keep
from models_app.services.datasets import photos_import
from models_app.services.jobs import job_create
from tests.jobs import work_all

# Small, so that a photo takes a few milliseconds.
INPUT = {
    "resize": 72,
    "crop": 64,
    "mode": "short_side",
    "interpolation": "bilinear",
    "normalisation": "imagenet",
}
ARCHITECTURE = "nima_mobilenet_v2"


def photos_make(photos: list[Path], name: str = "d") -> Dataset:
    photos_import(name, {path: path.name for path in photos}, credits={})
    return Dataset.objects.get(name=name)


def weights_make(path: Path, *, seed: int = 1) -> None:
    """Write random weights, marked so, that judge photos differently.

    Signals fade in a MobileNetV2 that nobody trained until every photo gets 5.5; a last layer that
    is a few billion times as strong spreads the scores.
    """
    from models_app.networks.building import network_random
    from models_app.networks.checkpoints import checkpoint_save

    network = network_random(ARCHITECTURE, seed=seed)
    network.module.get_parameter("classifier.1.weight").data *= 5e9
    checkpoint_save(network, path)


def checkpoint_make(name: str = "random net", *, seed: int = 1) -> Checkpoint:
    """Import such weights as an admin does."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        weights_make(path, seed=seed)
        with path.open("rb") as file:
            token = upload_keep(file, path.name)
    import_launch({"name": name, "architecture": ARCHITECTURE, "upload": token, **INPUT})
    work_all()
    return Checkpoint.objects.get(name=name)


def nima_launch(checkpoint: Checkpoint, dataset: str = "d", **options: object) -> Job:
    config = {"dataset": dataset, "checkpoint": checkpoint.name, "device": "cpu", **options}
    return job_create("nima_check", config)
