"""Name what is on every photo of a dataset, and count: one class, and any number of objects."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
)
from models_app.models import Job, Photo, PhotoContent
from models_app.networks.labels import label_common
from models_app.selectors import findings as selectors
from models_app.services import checkpoints, findings

if TYPE_CHECKING:
    from models_app.jobs.photo_walk import Pictures
    from models_app.networks.content import ContentNetwork

Kind = PhotoContent.Kind
CACHE, DOWNLOAD, FILES, RANDOM = "cache", "download", "files", "random"


def weights_choices() -> list[tuple[str, str]]:
    return [
        (CACHE, _("published weights that the worker has already")),
        (DOWNLOAD, _("published weights, downloaded by the worker where it lacks them")),
        (FILES, _("published weights in files of the worker’s folder var/checkpoints")),
        (RANDOM, _("random weights: for trying out, what they find means nothing")),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    dataset: str = option(
        gettext_lazy("Dataset"),
        gettext_lazy("Its photos are looked at, but for those that are excluded."),
        choices=selectors.dataset_choices,
    )
    weights: str = option(
        gettext_lazy("Weights"),
        gettext_lazy("Where DenseNet-121 (ImageNet) and RetinaNet (COCO) come from."),
        default=CACHE,
        choices=weights_choices,
    )
    classifier_file: str = option(
        gettext_lazy("File of DenseNet-121"),
        gettext_lazy("Its name in var/checkpoints, for weights from files; else empty."),
        default="",
    )
    detector_file: str = option(
        gettext_lazy("File of RetinaNet"),
        gettext_lazy("Its name in var/checkpoints, for weights from files; else empty."),
        default="",
    )
    seed: int = option(
        gettext_lazy("Seed"),
        gettext_lazy("Of random weights; the same seed gives the same weights."),
        default=0,
        low=0,
        high=2**31 - 1,
    )
    threshold: float = option(
        gettext_lazy("Threshold"),
        gettext_lazy("An object counts from this confidence on."),
        default=0.5,
        low=0.05,
        high=0.99,
    )
    device: str = option(
        gettext_lazy("Device"),
        gettext_lazy("What computes; on a CPU a photo takes some seconds."),
        default="auto",
        choices=device_choices,
    )
    batch_size: int = option(
        gettext_lazy("Batch size"),
        gettext_lazy("Photos at a time; fewer need less memory, and nothing is lost but time."),
        # A CPU takes seconds a photo, and progress is told a batch at a time.
        default=2,
        low=1,
        high=512,
    )


class DiversityCheck:
    config_type = Config
    preemptible = True
    queues = (Job.Queue.CPU, Job.Queue.GPU)

    def plan(self, config: Config) -> Plan:
        dataset = dataset_get(config.dataset)
        if config.weights == FILES:
            for field in ("classifier_file", "detector_file"):
                _named(getattr(config, field), field)
        label = _("Diversity check of %(dataset)s") % {"dataset": dataset.name}
        if config.weights == RANDOM:
            label += _(" (random weights)")
        return Plan(
            label=label,
            queue=Job.Queue.GPU if config.device == "cuda" else Job.Queue.CPU,
            total=selectors.photos_included(dataset).count(),
            seed=config.seed if config.weights == RANDOM else None,
            dataset=dataset,
        )

    def run(self, config: Config, context: Context) -> None:
        from models_app.networks.errors import NetworkError

        device = device_get(config.device, context)
        try:
            context.stage(_("loading weights"))
            networks = _networks(config, context)
            context.stage("")
            provenance = _provenance(networks, config, context)
            walk = PhotoWalk(dataset_get(config.dataset), context, size=config.batch_size)
            _look(walk, networks, config, device, context)
        except NetworkError as error:
            raise JobError(str(error)) from error
        _finish(walk, provenance, context)


def _named(name: str, field: str) -> Path:
    """Return a file of the folder of checkpoints; the name may not lead out of it."""
    if not name or Path(name).name != name or name.startswith("."):
        raise JobInvalid(
            _("%(field)s is %(name)r; it must be the name of a file in var/checkpoints.")
            % {"field": field, "name": name},
            field,
        )
    return checkpoints.folder() / name


def _networks(config: Config, context: Context) -> "tuple[ContentNetwork, ContentNetwork]":
    from models_app.networks.content import classifier_load, detector_load

    if config.weights == RANDOM:
        return classifier_load(random_seed=config.seed), detector_load(random_seed=config.seed)
    if config.weights == FILES:
        return (
            classifier_load(file=_named(config.classifier_file, "classifier_file")),
            detector_load(file=_named(config.detector_file, "detector_file")),
        )
    download = config.weights == DOWNLOAD
    _weights_check(context, download=download)
    return classifier_load(download=download), detector_load(download=download)


def _weights_check(context: Context, *, download: bool) -> None:
    """Look for the weights of both networks before either is loaded, to name all that is missing.

    Raises
    ------
    JobError
        If something is; the log has the command for each file on a line of its own.
    """
    from models_app.networks.content import CLASSIFIER, DETECTOR
    from models_app.networks.errors import WeightsMissing
    from models_app.networks.weights import (
        command_fetch,
        command_fetch_all,
        published_get,
        weights_find,
    )

    wanted = [published_get(name) for name in (CLASSIFIER, DETECTOR)]
    absent = [each for each in wanted if not each.cached.is_file()]
    if absent and not download:
        for each in absent:
            context.log(command_fetch(each))
        said = _(
            "The worker lacks weights of %(names)s: choose “%(choice)s” under “Weights”, or run "
            "on the worker:"
        ) % {
            "names": ", ".join(each.name for each in absent),
            "choice": dict(weights_choices())[DOWNLOAD],
        }
        raise JobError(f"{said}\n{command_fetch_all(absent)}")
    problems = []
    for each in wanted:
        try:
            weights_find(each, download=download)
        except WeightsMissing as error:
            context.log(str(error))
            problems.append(str(error))
    if problems:
        raise JobError("\n".join(problems))


def _provenance(
    networks: "tuple[ContentNetwork, ContentNetwork]", config: Config, context: Context
) -> dict[str, Any]:
    """Say which files name what is on the photos; a resumed job must go on with the same."""
    weights = {each.name: each.found.sha256 if each.found else "random" for each in networks}
    if context.resume and context.job.result.get("weights", weights) != weights:
        raise JobError(
            _("The files of weights are others than when this job began; launch it anew.")
        )
    found = {
        "weights": weights,
        "random_weights": config.weights == RANDOM,
        "threshold": config.threshold,
    }
    # For the page, while the job runs.
    context.result(**found)
    return found


def _look(
    walk: PhotoWalk,
    networks: "tuple[ContentNetwork, ContentNetwork]",
    config: Config,
    device: str,
    context: Context,
) -> None:
    for pictures in walk:
        rows = _classes(walk, pictures, networks[0], device, context.job)
        # What one network cannot be shown is not counted by the other one either.
        named = {row.photo_id for row in rows}
        seen = [(photo, picture) for photo, picture in pictures if photo.pk in named]
        rows += _objects(seen, networks[1], config.threshold, device, context)
        with walk.saving() as photos:
            findings.contents_record(context.job.pk, photos, rows)


def _classes(
    walk: PhotoWalk, pictures: "Pictures", network: "ContentNetwork", device: str, job: Job
) -> list[PhotoContent]:
    from models_app.networks.content import TopClass, classes

    rows = []
    for found in classes(pictures, network, device=device, batch_size=walk.size):
        if isinstance(found, TopClass):
            rows.append(_row(job, found.key, Kind.CLASS, found.label, found.confidence))
        else:
            walk.refuse(found.key, found.reason)
    return rows


def _objects(
    pictures: "Pictures",
    network: "ContentNetwork",
    threshold: float,
    device: str,
    context: Context,
) -> list[PhotoContent]:
    from models_app.networks.content import Objects, objects

    rows: list[PhotoContent] = []
    for found in objects(pictures, network, threshold=threshold, device=device):
        # A batch of large photos takes long: what is done of it is done again.
        context.check(yielding=False)
        if isinstance(found, Objects):
            rows += [
                _row(context.job, found.key, Kind.OBJECT, label, each.confidence, each.count)
                for label, each in found.seen.items()
            ]
    return rows


def _row(
    job: Job, photo: Photo, kind: Kind, label: str, confidence: float, count: int = 1
) -> PhotoContent:
    return PhotoContent(
        job=job,
        photo=photo,
        kind=kind,
        label=label_common(label)[:80],
        confidence=round(confidence, exports.PLACES),
        count=count,
    )


def _finish(walk: PhotoWalk, provenance: dict[str, Any], context: Context) -> None:
    job = context.job
    if not selectors.photos_checked(job):
        raise JobError(_("Not one photo could be read; the log says why of each."))
    context.stage(_("counting"))
    figures = results.diversity_figures(job)
    for name, kind in (("classes.tsv", Kind.CLASS), ("objects.tsv", Kind.OBJECT)):
        content = "".join(exports.counts_tsv(job, kind)).encode()
        context.artifact(name, content, "text/tab-separated-values")
    with exports.file_of(exports.contents_csv(job)) as path:
        context.artifact("contents.csv", path, "text/csv")
    context.result(**provenance, **figures, unreadable=walk.unreadable, unreadable_names=walk.names)
