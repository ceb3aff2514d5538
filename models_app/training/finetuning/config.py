"""The configuration of a fine-tuning: frozen, checked, saved beside the weights; no torch."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid
from models_app.training.finetuning.options.labels import LabelOptions
from models_app.training.finetuning.options.network import NetworkOptions
from models_app.training.finetuning.options.schedule import ScheduleOptions
from models_app.training.settings import names_check, values_check


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig(ScheduleOptions, LabelOptions, NetworkOptions):
    """Every choice that decides what a fine-tuning does; all have a default.

    Nothing in it depends on where the initial weights come from.

    Raises
    ------
    ConfigInvalid
        At construction, naming the option: what it is, what is allowed, what to do.
    """

    def __post_init__(self) -> None:
        """Check every option, then those that depend on each other."""
        values_check(self)
        self.network_config()
        _check_step(self)

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """Build it from a JSON object; what is left out has its default.

        Raises
        ------
        ConfigInvalid
            Also for unknown options, with the nearest that exists.
        """
        return cls(**names_check(cls, raw))

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a JSON file.

        Raises
        ------
        ConfigInvalid
            Also if it cannot be read or is no JSON.
        """
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigInvalid(
                f"The configuration {path.name} cannot be read ({error.strerror}); give a JSON "
                "file."
            ) from error
        except (ValueError, RecursionError) as error:
            raise ConfigInvalid(
                f'{path.name} is no JSON ({error}); write an object, as in {{"batch": 64}}.'
            ) from error
        return cls.from_json(raw)

    def to_json(self) -> dict[str, Any]:
        """Return every option, also those at their default."""
        return asdict(self)

    def to_json_shared(self) -> dict[str, Any]:
        """Return it for whoever gets the results: of paths the last part alone."""
        raw = self.to_json()
        for name in ("weights_file", "cache_folder"):
            raw[name] = Path(raw[name]).name
        return raw

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
