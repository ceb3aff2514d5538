"""Pretrain a network on the photos of a dataset, without labels."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from models_app.errors import JobError, JobHandedBack
from models_app.jobs import training_options
from models_app.jobs.base import Plan
from models_app.jobs.context import Context
from models_app.jobs.photo_walk import dataset_get
from models_app.jobs.training_options import checkpoint_get, train_config
from models_app.jobs.training_outcome import outcome_store
from models_app.jobs.training_photos import DatasetPhotos, photos_check
from models_app.jobs.training_reports import JobReports
from models_app.jobs.training_states import States
from models_app.models import Job
from models_app.networks.errors import NetworkError
from models_app.services import checkpoints, job_records
from models_app.training.errors import TrainingError
from models_app.training.pretext.registry import TASKS

if TYPE_CHECKING:
    from models_app.training.pretraining import Outcome


class Pretrain:
    config_type = training_options.Config
    queues = (Job.Queue.CPU, Job.Queue.GPU)
    # It stops between two steps and loses none: stepping aside costs an upload and a start, and a
    # contact sheet need not wait for hours.
    preemptible = True

    def plan(self, config: Any) -> Plan:
        dataset, checkpoint = dataset_get(config.dataset), checkpoint_get(config)
        photos_check(dataset)
        train_config(config, weights_file=config.checkpoint)
        return Plan(
            label=_("Pretraining, %(task)s, %(backbone)s on %(dataset)s")
            % {
                "task": _(TASKS[config.task].label),
                "backbone": config.backbone,
                "dataset": dataset.name,
            },
            queue=Job.Queue.GPU if config.device == "cuda" else Job.Queue.CPU,
            seed=config.seed,
            dataset=dataset,
            checkpoint=checkpoint,
        )

    def run(self, config: Any, context: Context) -> None:
        with TemporaryDirectory(prefix="proofsheet-") as scratch:
            folder = Path(scratch) / "run"
            states = States(context, folder, keep=config.keep)
            # Else a worker died after its last word, and only tidying up is left.
            if not context.resume.get("finished"):
                photos = DatasetPhotos(dataset_get(config.dataset))
                try:
                    outcome = _train(config, context, photos, states)
                except (TrainingError, NetworkError) as error:
                    raise JobError(str(error)) from error
                outcome_store(outcome, folder, context, parent=checkpoint_get(config))
            states.drop()


def _train(config: Any, context: Context, photos: DatasetPhotos, states: States) -> "Outcome":
    """Train to the end. Raises Interrupted with its state stored, TrainingError, NetworkError."""
    from models_app.training.pretraining import pretrain

    resumed = states.fetch()
    # What came after the state comes again; a curve must not show both.
    job_records.metrics_cut(context.job, after=states.step)
    with _weights(config, states.folder if resumed else None) as weights:
        outcome = pretrain(
            train_config(config, weights_file=weights),
            photos,
            states.folder,
            resume=resumed,
            reports=JobReports(context),
            should_stop=lambda: context.stopping,
            saved=states.saved,
        )
    if outcome.state == "stopped":
        states.store()
        context.check()
        raise JobHandedBack("the training was stopped")
    return outcome


@contextmanager
def _weights(config: Any, resumed: Path | None) -> Iterator[str]:
    """Copy the weights to begin with to this machine; yields the file's path, or nothing.

    A training that goes on has its weights in its state, and is told what it was told at first.
    """
    checkpoint = checkpoint_get(config)
    if checkpoint is None:
        yield ""
    elif resumed is not None:
        yield json.loads((resumed / "config.json").read_bytes())["weights_file"]
    else:
        with checkpoints.checkpoint_file(checkpoint) as path:
            yield str(path)
