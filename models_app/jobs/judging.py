"""What every kind of job that lets a network judge photos does alike."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import JobError, JobInvalid
from models_app.findings import exports
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.jobs.photo_walk import PhotoWalk, device_choices, device_get
from models_app.models import Checkpoint, Dataset, Job, Photo, PhotoScore
from models_app.selectors import findings as selectors
from models_app.services import checkpoints, findings

if TYPE_CHECKING:
    from models_app.networks.building import Network
    from models_app.networks.scoring import Score


class Judging(Protocol):
    """The options of a job that judges many photos."""

    @property
    def device(self) -> str: ...
    @property
    def batch_size(self) -> int: ...


def checkpoint_option() -> Any:
    return option(
        gettext_lazy("Checkpoint"),
        gettext_lazy("The weights that judge; they bring their architecture and preprocessing."),
        choices=selectors.checkpoint_choices,
    )


def device_option() -> Any:
    return option(
        gettext_lazy("Device"),
        gettext_lazy("What computes; a CPU and a GPU may differ in the last digits of a score."),
        default="auto",
        choices=device_choices,
    )


def batch_option(default: int, high: int) -> Any:
    return option(
        gettext_lazy("Batch size"),
        gettext_lazy("Photos at a time; fewer need less memory, and nothing is lost but time."),
        default=default,
        low=1,
        high=high,
    )


def queue_of(config: Judging) -> str:
    return Job.Queue.GPU if config.device == "cuda" else Job.Queue.CPU


def photos_judge(
    config: Judging, checkpoint: Checkpoint, photos: Dataset | Sequence[int], context: Context
) -> PhotoWalk:
    """Store what a network says of photos, from where an earlier attempt was interrupted.

    `photos`: as `PhotoWalk` takes them. Raises Interrupted, JobError.
    """
    from models_app.networks.errors import NetworkError

    device = device_get(config.device, context)
    walk = PhotoWalk(photos, context, size=config.batch_size)
    if walk.done < walk.total:
        try:
            photos_score(walk, network_load(checkpoint, context), device, context)
        except NetworkError as error:
            raise JobError(str(error)) from error
    return walk


def judge_get(name: str) -> Checkpoint:
    """Return weights that judge photos. Raises JobInvalid."""
    found = selectors.checkpoint_named(name)
    if found is None:
        raise JobInvalid(
            _("There is no checkpoint %(name)s; import it first.") % {"name": name}, "checkpoint"
        )
    return found


def network_load(checkpoint: Checkpoint, context: Context) -> "Network":
    """Read a stored network. Raises JobInvalid, NetworkError."""
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


def photos_score(walk: PhotoWalk, network: "Network", device: str, context: Context) -> None:
    """Store the scores of every photo of a walk, batch by batch. Raises Interrupted."""
    from models_app.networks.scoring import Score, score
    from models_app.training.allocator import StepMemory

    with StepMemory(device, context.log) as memory:
        for number, pictures in enumerate(walk):
            memory.before_step(number, "judging")
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
