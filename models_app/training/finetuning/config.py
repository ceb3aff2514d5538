"""The configuration of a fine-tuning: frozen, checked, saved beside the weights; no torch."""

from dataclasses import dataclass

from models_app.training.config import TrainConfig
from models_app.training.configuration import Configuration
from models_app.training.errors import ConfigInvalid
from models_app.training.finetuning.options.labels import LabelOptions
from models_app.training.finetuning.options.network import NetworkOptions
from models_app.training.finetuning.options.schedule import ScheduleOptions


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig(ScheduleOptions, LabelOptions, NetworkOptions, Configuration):
    """Every choice that decides what a fine-tuning does; all have a default.

    Nothing in it depends on where the initial weights come from.

    Raises
    ------
    ConfigInvalid
        At construction, naming the option: what it is, what is allowed, what to do.
    """

    example = '{"batch": 64}'
    paths = ("weights_file", "cache_folder")

    def __post_init__(self) -> None:
        """Check every option, then those that depend on each other."""
        super().__post_init__()
        self.network_config()
        _check_step(self)

    def network_config(self) -> TrainConfig:
        """Return what building a backbone with its initial weights needs.

        The seed is the same one: random weights are those that a pretraining begins with.

        Raises
        ------
        ConfigInvalid
            If backbone, width and weights do not fit together.
        """
        return TrainConfig(
            backbone=self.backbone,
            width=self.width,
            weights=self.weights,
            weights_file=self.weights_file,
            download=self.download,
            side=self.side,
            seed=self.seed,
            device=self.device,
        )


def _check_step(config: FinetuneConfig) -> None:
    if config.chunk_images and config.emd_root == "batch":
        raise ConfigInvalid(
            "emd_root is batch, a root over the whole batch, and chunk_images splits that; set "
            "chunk_images to 0, or emd_root to sample.",
            "chunk_images",
        )
    if config.sync_bn and config.validation_mode == "train":
        raise ConfigInvalid(
            "sync_bn waits for all GPUs, and in validation each measures its own photos; set "
            "validation_mode to eval, or sync_bn to false.",
            "sync_bn",
        )
    if config.chunk_images and config.sync_bn:
        raise ConfigInvalid(
            "sync_bn normalises over all GPUs, and chunk_images over chunks; set chunk_images to "
            "0, or sync_bn to false.",
            "chunk_images",
        )
