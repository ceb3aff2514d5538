"""Score one photo that somebody handed in, and what each distortion makes of its score."""

import io
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.distortions.registry import PRESET
from models_app.errors import JobError, JobInvalid
from models_app.findings import exports
from models_app.imaging import PhotoRefused, open_photo
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.jobs.judging import judge_get, network_load
from models_app.jobs.photo_walk import device_choices, device_get
from models_app.models import Checkpoint, Job
from models_app.rendering import display_image, encode
from models_app.selectors import findings as finding_selectors
from models_app.selectors import scored as selectors
from models_app.services import scoring

if TYPE_CHECKING:
    from PIL import Image

    from models_app.networks.building import Network

# Longer side of the picture that the page shows.
SHOWN_SIDE = 1280


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    upload: str = option(
        gettext_lazy("Waiting photo"), gettext_lazy("Given by the page that takes the photo.")
    )
    checkpoint: str = option(
        gettext_lazy("Checkpoint"),
        gettext_lazy("The weights that judge; they bring their architecture and preprocessing."),
        choices=finding_selectors.checkpoint_choices,
    )
    device: str = option(
        gettext_lazy("Device"),
        gettext_lazy("What computes; a CPU and a GPU may differ in the last digits of a score."),
        default="auto",
        choices=device_choices,
    )
    batch_size: int = option(
        gettext_lazy("Batch size"),
        gettext_lazy("Pictures at a time; fewer need less memory, and nothing is lost but time."),
        default=8,
        low=1,
        high=512,
    )


class ScorePhoto:
    config_type = Config
    preemptible = False
    queues = (Job.Queue.CPU, Job.Queue.GPU)

    def plan(self, config: Config) -> Plan:
        checkpoint = judge_get(config.checkpoint)
        scoring.upload_name(config.upload)
        return Plan(
            label=_("Score of a photo by %(checkpoint)s") % {"checkpoint": checkpoint.name},
            queue=Job.Queue.GPU if config.device == "cuda" else Job.Queue.CPU,
            # Somebody looks at the page that waits for it.
            priority=10,
            checkpoint=checkpoint,
        )

    def run(self, config: Config, context: Context) -> None:
        from models_app.networks.errors import NetworkError

        if context.resume.get("scored"):
            # Only that it is over was not written any more.
            scoring.upload_delete(config.upload)
            return
        checkpoint = judge_get(config.checkpoint)
        device = device_get(config.device, context)
        try:
            photo, key = _photo(config, context)
            network = network_load(checkpoint, context)
            context.check()
            _score(photo, network, checkpoint, device, context)
            _curves(photo, network, key, config, device, context)
        except (NetworkError, PhotoRefused) as error:
            # Nobody can put a wrong photo right: it does not wait for a second try.
            scoring.upload_delete(config.upload)
            raise JobError(_("The photo: %(why)s") % {"why": error}) from error
        # Before the photo goes: a second attempt could not score it again.
        context.save(scored=True)
        scoring.upload_delete(config.upload)


def _photo(config: Config, context: Context) -> "tuple[Image.Image, str]":
    """Read the waiting photo and store what the page may show; returns it and its file's hash.

    Raises JobInvalid, PhotoRefused.
    """
    context.stage(_("reading the photo"))
    try:
        with default_storage.open(scoring.upload_name(config.upload), "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise JobInvalid(_("The photo is no longer there; choose it again."), "upload") from None
    photo = open_photo(
        io.BytesIO(content),
        max_bytes=settings.PHOTO_MAX_BYTES,
        max_pixels=settings.PHOTO_MAX_PIXELS,
    )
    # Encoded anew from pixels alone: nothing that the file said of place or camera is shown again.
    shown = encode(display_image(photo, SHOWN_SIDE), "jpeg")
    context.artifact(selectors.PICTURE, shown, "image/jpeg")
    context.result(width=photo.width, height=photo.height)
    return photo, sha256(content).hexdigest()


def _score(
    photo: "Image.Image",
    network: "Network",
    checkpoint: Checkpoint,
    device: str,
    context: Context,
) -> None:
    from models_app.networks.errors import PhotoUnusable
    from models_app.networks.scoring import Refused, score

    found = next(score([(0, photo)], network, device=device))
    if isinstance(found, Refused):
        raise PhotoUnusable(found.reason)
    context.result(
        mean=_rounded(found.mean),
        sd=_rounded(found.sd),
        distribution=[_rounded(share) for share in found.distribution],
        random_weights=checkpoint.is_random,
    )


def _curves(
    photo: "Image.Image",
    network: "Network",
    key: str,
    config: Config,
    device: str,
    context: Context,
) -> None:
    """Score every distortion; as {distortion: {level: score}}, references under their own keys."""
    from models_app.networks.sensitivity import variants_score, variants_wanted

    context.stage(_("distorting"))
    total = len(variants_wanted(PRESET))
    context.progress(0, total)
    scores: dict[str, dict[str, Any]] = {}
    found = variants_score(photo, network, key=key, device=device, batch_size=config.batch_size)
    for done, each in enumerate(found, start=1):
        distortion, level = each.key
        scores.setdefault(distortion, {})[level] = _rounded(each.mean)
        context.progress(done, total)
        context.check()
    context.result(preset=PRESET, scores=scores)


def _rounded(value: float) -> float:
    return round(value, exports.PLACES)
