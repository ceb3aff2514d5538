"""The configuration of a pretraining: frozen, checked, saved beside the weights; no torch."""

from dataclasses import dataclass

from models_app.distortions.catalogue import Entry
from models_app.distortions.registry import UnknownDistortionError, select
from models_app.training.configuration import Configuration
from models_app.training.errors import ConfigInvalid
from models_app.training.options.network import NetworkOptions
from models_app.training.options.photos import PhotoOptions
from models_app.training.options.pretext import PretextOptions
from models_app.training.options.schedule import ScheduleOptions
from models_app.training.pretext.registry import TASKS, TaskEntry


@dataclass(frozen=True, kw_only=True)
class TrainConfig(ScheduleOptions, NetworkOptions, PhotoOptions, PretextOptions, Configuration):
    """Every choice that decides what a pretraining does; all have a default but the photos.

    Raises
    ------
    ConfigInvalid
        At construction, naming the option: what it is, what is allowed, what to do.
    """

    example = '{"task": "ranking"}'
    paths = ("photos", "weights_file")
    path_lists = ("split_lists",)

    def __post_init__(self) -> None:
        """Check every option, then those that depend on each other."""
        super().__post_init__()
        for check in (_check_pretext, _check_network, _check_step, _check_photos):
            check(self)

    @property
    def entry(self) -> TaskEntry:
        """The task's line in the registry."""
        return TASKS[self.task]

    @property
    def terms(self) -> tuple[str, ...]:
        """Keys of the losses, the two extra ones of section 6 last."""
        extra = [("agreement", self.agreement), ("across_photos", self.rank_across_photos)]
        return (*self.entry.terms, *(key for key, wanted in extra if wanted))

    @property
    def selected(self) -> tuple[Entry, ...]:
        """The distortions that are made, in the preset's order."""
        return select(self.distortions, preset=self.preset)


def _check_pretext(config: TrainConfig) -> None:
    try:
        select(config.distortions, preset=config.preset)
    except UnknownDistortionError as error:
        raise ConfigInvalid(f"distortions: {error}", "distortions") from error
    if config.entry.views == "variants":
        from models_app.training.pretext.chart import chart_build

        # Says so where the distortions leave a loss nothing to learn.
        chart_build(config)
    for name in ("agreement", "rank_across_photos"):
        if getattr(config, name) and not config.entry.ranks:
            raise ConfigInvalid(
                f"{name} needs a task that ranks, and {config.task} does not; choose ranking, "
                "ranking_classification or ranking_regression.",
                name,
            )
        if getattr(config, name) and config.photos_per_batch < 2:
            raise ConfigInvalid(
                f"{name} compares two photos of a batch; raise photos_per_batch to 2 or more.",
                name,
            )
    if config.task == "simclr" and config.photos_per_batch < 2:
        raise ConfigInvalid(
            "SimCLR contrasts photos of one batch; raise photos_per_batch to 2 or more.",
            "photos_per_batch",
        )
    if config.select_by == "rank_accuracy" and not config.entry.ranks:
        raise ConfigInvalid(
            f"select_by is rank_accuracy, and {config.task} ranks nothing; choose loss.",
            "select_by",
        )


def _check_network(config: TrainConfig) -> None:
    if not config.backbone.strip():
        raise ConfigInvalid(
            "backbone is empty; name a network of torchvision, or timm:NAME.", "backbone"
        )
    if config.width != 1 and config.backbone != "mobilenet_v2":
        raise ConfigInvalid(
            f"width is {config.width}, which only mobilenet_v2 has; set it to 1.", "width"
        )
    if config.width != 1 and config.weights == "imagenet":
        raise ConfigInvalid(
            f"There are no ImageNet weights of a MobileNetV2 of width {config.width}; set weights "
            "to random, or width to 1.",
            "width",
        )
    if config.weights == "file" and not config.weights_file:
        raise ConfigInvalid(
            "weights is file, and weights_file is empty; name the file.", "weights_file"
        )
    if config.weights == "random" and config.weights_file:
        raise ConfigInvalid(
            "weights is random, and weights_file names a file; set weights to file, or name none.",
            "weights_file",
        )


def _check_step(config: TrainConfig) -> None:
    if config.bn_group == "chunk" and not config.chunk_images:
        raise ConfigInvalid(
            "bn_group is chunk, so the chunk decides the result; set chunk_images to a number of "
            "pictures.",
            "chunk_images",
        )
    if config.bn_group == "batch" and config.memory == "cache":
        raise ConfigInvalid(
            "memory is cache, which computes chunks one after the other, and bn_group is batch, "
            "which needs all pictures at once; choose checkpoint, or another bn_group.",
            "memory",
        )
    if config.bn_group == "batch" and config.chunk_images:
        raise ConfigInvalid(
            "chunk_images splits the batch, and bn_group is batch, which needs all pictures at "
            "once; set it to 0, or choose another bn_group.",
            "chunk_images",
        )
    if config.sync_bn and config.bn_group != "batch":
        raise ConfigInvalid(
            f"sync_bn joins the batches of several GPUs, and bn_group is {config.bn_group}; set "
            "bn_group to batch.",
            "sync_bn",
        )


def _check_photos(config: TrainConfig) -> None:
    if config.validation_share + config.test_share >= 1:
        raise ConfigInvalid(
            f"validation_share and test_share are {config.validation_share} and "
            f"{config.test_share}, which leaves nothing to train on; their sum must be below 1.",
            "validation_share",
        )
    if config.variant_cache_mb and config.redraw_noise:
        raise ConfigInvalid(
            "variant_cache_mb keeps variants from epoch to epoch, and redraw_noise draws them "
            "anew; set redraw_noise to false, or variant_cache_mb to 0.",
            "variant_cache_mb",
        )
    if config.variant_cache_mb and config.entry.views != "variants":
        raise ConfigInvalid(
            f"variant_cache_mb keeps distorted variants, and {config.task} makes none; set it to "
            "0.",
            "variant_cache_mb",
        )
