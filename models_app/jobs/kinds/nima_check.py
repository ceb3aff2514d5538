"""Score every photo of a dataset with a network that was trained to judge photos."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import JobError, JobInvalid
from models_app.findings import exports, results
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.jobs.photo_walk import (
    PhotoWalk,
    dataset_get,
    device_choices,
    device_get,
    figures_flat,
)
from models_app.models import Checkpoint, Job, Photo, PhotoScore
from models_app.selectors import findings as selectors
from models_app.services import checkpoints, findings

if TYPE_CHECKING:
    from models_app.networks.building import Network
    from models_app.networks.scoring import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    dataset: str = option(
        gettext_lazy("Dataset"),
        gettext_lazy("Its photos are scored, but for those that are excluded."),
        choices=selectors.dataset_choices,
    )
    checkpoint: str = option(
        gettext_lazy("Checkpoint"),
        gettext_lazy("The weights that judge; they bring their architecture and preprocessing."),
        choices=selectors.checkpoint_choices,
    )
    device: str = option(
        gettext_lazy("Device"),
        gettext_lazy("What computes; a CPU and a GPU may differ in the last digits of a score."),
        default="auto",
        choices=device_choices,
    )
    batch_size: int = option(
        gettext_lazy("Batch size"),
        gettext_lazy("Photos at a time; fewer need less memory, and nothing is lost but time."),
        default=16,
        low=1,
        high=512,
    )


class NimaCheck:
    config_type = Config
    preemptible = True
    queues = (Job.Queue.CPU, Job.Queue.GPU)

    def plan(self, config: Config) -> Plan:
        dataset, checkpoint = dataset_get(config.dataset), _checkpoint(config.checkpoint)
        return Plan(
            label=_("NIMA check of %(dataset)s by %(checkpoint)s")
            % {"dataset": dataset.name, "checkpoint": checkpoint.name},
            queue=Job.Queue.GPU if config.device == "cuda" else Job.Queue.CPU,
            total=selectors.photos_included(dataset).count(),
            dataset=dataset,
            checkpoint=checkpoint,
        )

    def run(self, config: Config, context: Context) -> None:
        from models_app.networks.errors import NetworkError

        checkpoint = _checkpoint(config.checkpoint)
        device = device_get(config.device, context)
        try:
            walk = PhotoWalk(dataset_get(config.dataset), context, size=config.batch_size)
            network = _network(checkpoint, context)
            _score(walk, network, device, context)
        except NetworkError as error:
            raise JobError(str(error)) from error
        _finish(walk, checkpoint, context)


def _checkpoint(name: str) -> Checkpoint:
    found = selectors.checkpoint_named(name)
    if found is None:
        raise JobInvalid(
            _("There is no checkpoint %(name)s; import it first.") % {"name": name}, "checkpoint"
        )
    return found


def _network(checkpoint: Checkpoint, context: Context) -> "Network":
    from models_app.networks.checkpoints import checkpoint_load
    from models_app.networks.preprocessing import Preprocessing

    context.stage(_("loading weights"))
    with checkpoints.checkpoint_file(checkpoint) as path:
        network = checkpoint_load(
            path,
            architecture=checkpoint.architecture,
            preprocessing=Preprocessing.from_json(checkpoint.preprocessing),
            max_bytes=checkpoints.max_bytes(),
        )
    context.stage("")
    return network


def _score(walk: PhotoWalk, network: "Network", device: str, context: Context) -> None:
    from models_app.networks.scoring import Score, score

    for pictures in walk:
        rows = []
        for found in score(pictures, network, device=device, batch_size=walk.size):
            if isinstance(found, Score):
                rows.append(_row(context.job, found))
            else:
                walk.refuse(found.key, found.reason)
        with walk.saving():
            findings.scores_record(rows)


def _row(job: Job, found: "Score[Photo]") -> PhotoScore:
    return PhotoScore(
        job=job,
        photo=found.key,
        mean=round(found.mean, exports.PLACES),
        sd=round(found.sd, exports.PLACES),
        distribution=[round(share, exports.PLACES) for share in found.distribution],
    )


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
