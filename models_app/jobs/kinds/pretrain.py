"""Pretrain a network on the photos of a dataset, without labels."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from models_app.jobs import training_options
from models_app.jobs.base import Plan
from models_app.jobs.context import Context
from models_app.jobs.photo_walk import dataset_get
from models_app.jobs.training_fields import checkpoint_get
from models_app.jobs.training_options import train_config
from models_app.jobs.training_outcome import outcome_store
from models_app.jobs.training_photos import DatasetPhotos, photos_check
from models_app.jobs.training_reports import JobReports
from models_app.jobs.training_run import Place, training_run
from models_app.models import Job
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
        def train(place: Place) -> "Outcome":
            return _train(config, context, place)

        training_run(
            config,
            context,
            train,
            lambda outcome, folder: outcome_store(
                outcome, folder, context, parent=checkpoint_get(config)
            ),
        )


def _train(config: Any, context: Context, place: Place) -> "Outcome":
    from models_app.training.pretraining import pretrain

    return pretrain(
        train_config(config, weights_file=place.weights),
        DatasetPhotos(dataset_get(config.dataset)),
        place.folder,
        resume=place.resume,
        reports=JobReports(context),
        should_stop=place.should_stop,
        saved=place.saved,
    )
