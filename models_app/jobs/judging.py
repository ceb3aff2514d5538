"""What every kind of job that lets a network judge photos does alike."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from models_app.errors import JobInvalid
from models_app.findings import exports
from models_app.jobs.context import Context
from models_app.jobs.photo_walk import PhotoWalk
from models_app.models import Checkpoint, Job, Photo, PhotoScore
from models_app.selectors import findings as selectors
from models_app.services import checkpoints, findings

if TYPE_CHECKING:
    from models_app.networks.building import Network
    from models_app.networks.scoring import Score


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
