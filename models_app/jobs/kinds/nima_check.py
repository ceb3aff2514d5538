"""Score every photo of a dataset with a network that was trained to judge photos."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import JobError
from models_app.findings import exports, results
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.jobs.judging import (
    batch_option,
    checkpoint_option,
    device_option,
    judge_get,
    photos_judge,
    queue_of,
)
from models_app.jobs.photo_walk import PhotoWalk, dataset_get, figures_flat
from models_app.models import Checkpoint, Job
from models_app.selectors import findings as selectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    dataset: str = option(
        gettext_lazy("Dataset"),
        gettext_lazy("Its photos are scored, but for those that are excluded."),
        choices=selectors.dataset_choices,
    )
    checkpoint: str = checkpoint_option()
    device: str = device_option()
    batch_size: int = batch_option(16, high=512)


class NimaCheck:
    config_type = Config
    preemptible = True
    queues = (Job.Queue.CPU, Job.Queue.GPU)

    def plan(self, config: Config) -> Plan:
        dataset, checkpoint = dataset_get(config.dataset), judge_get(config.checkpoint)
        return Plan(
            label=_("NIMA check of %(dataset)s by %(checkpoint)s")
            % {"dataset": dataset.name, "checkpoint": checkpoint.name},
            queue=queue_of(config),
            total=selectors.photos_included(dataset).count(),
            dataset=dataset,
            checkpoint=checkpoint,
        )

    def run(self, config: Config, context: Context) -> None:
        checkpoint = judge_get(config.checkpoint)
        walk = photos_judge(config, checkpoint, dataset_get(config.dataset), context)
        _finish(walk, checkpoint, context)


def _finish(walk: PhotoWalk, checkpoint: Checkpoint, context: Context) -> None:
    job = context.job
    figures = results.nima_figures(job)
    if not figures["n"]:
        raise JobError(_("Not one photo could be read; the log says why of each."))
    context.stage(_("writing files"))
    with exports.file_of(exports.scores_csv(job)) as path:
        context.artifact("scores.csv", path, "text/csv")
    photos = (row.photo for row in selectors.score_rows(job))
    with exports.file_of(exports.photos_csv(photos)) as path:
        context.artifact("photos.csv", path, "text/csv")
    context.result(
        n=figures["n"],
        mean=figures["mean"],
        sd=figures["sd"],
        mean_sd=figures["mean_sd"],
        **figures_flat("share_above_5", figures["share"]),
        unreadable=walk.unreadable,
        unreadable_names=walk.names,
        random_weights=checkpoint.is_random,
    )
