"""The options of a pretraining job: those of the training itself, but for what a database knows."""

from dataclasses import MISSING
from typing import Any

from django.utils.translation import gettext_lazy

from models_app.errors import JobInvalid
from models_app.jobs.config import Option
from models_app.jobs.training_fields import (
    Source,
    checkpoint_field,
    config_make,
    values_shared,
    weights_check,
)
from models_app.selectors import findings
from models_app.selectors import training as selectors
from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid

COMMON = (
    "dataset", "task", "backbone", "width", "weights", "checkpoint", "side", "epochs",
    "photos_per_batch", "learning_rate", "seed", "device",
)  # fmt: skip
# Here the database says which photos, splits and weights.
REPLACED = ("photos", "split_lists", "weights_file")
# The option that a complaint about a replaced one belongs to.
FIELDS = {"photos": "dataset", "split_lists": "dataset", "weights_file": "checkpoint"}
SOURCE = Source(TrainConfig, COMMON, REPLACED)


def train_config(config: Any, *, weights_file: str = "") -> TrainConfig:
    """Return what the training takes. Raises JobInvalid, naming the option of the job."""
    # First: of a name that is misspelt, what follows would complain about its width.
    weights_check(config)
    try:
        return TrainConfig.from_json(
            {
                **values_shared(SOURCE, config),
                "photos": config.dataset,
                "weights_file": weights_file,
            }
        )
    except ConfigInvalid as error:
        raise JobInvalid(str(error), FIELDS.get(error.name, error.name)) from error


Config = config_make(
    SOURCE,
    {
        "dataset": (
            str,
            MISSING,
            Option(
                gettext_lazy("Dataset"),
                gettext_lazy("Its photos are learnt from, but for those that are excluded."),
                choices=findings.dataset_choices,
            ),
        ),
        "checkpoint": checkpoint_field(
            gettext_lazy("Weights of an earlier pretraining to begin with."),
            selectors.checkpoint_choices,
        ),
    },
)
