"""The options of a fine-tuning job: those of the training, but for what a database knows."""

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
from models_app.selectors import evaluations as selectors
from models_app.selectors import training as training_selectors
from models_app.selectors.splits import split_choices
from models_app.training.errors import ConfigInvalid
from models_app.training.finetuning.config import FinetuneConfig

COMMON = (
    "label_set", "split", "backbone", "width", "weights", "checkpoint", "side", "share",
    "max_epochs", "batch", "seed", "device",
)  # fmt: skip
# Here the database says which weights, and the worker where decoded photos stay.
REPLACED = ("weights_file", "cache_folder")
FIELDS = {"weights_file": "checkpoint"}
SOURCE = Source(FinetuneConfig, COMMON, REPLACED)


def finetune_config(
    config: Any, *, weights_file: str = "", cache_folder: str = ""
) -> FinetuneConfig:
    """Return what the training takes. Raises JobInvalid, naming the option of the job."""
    # First: of a name that is misspelt, what follows would complain about its width.
    weights_check(config)
    try:
        return FinetuneConfig.from_json(
            {
                **values_shared(SOURCE, config),
                "weights_file": weights_file,
                "cache_folder": cache_folder,
            }
        )
    except ConfigInvalid as error:
        raise JobInvalid(str(error), FIELDS.get(error.name, error.name)) from error


Config = config_make(
    SOURCE,
    {
        "label_set": (
            str,
            MISSING,
            Option(
                gettext_lazy("Label set"),
                gettext_lazy(
                    "What people said of the images; it needs distributions over 10 bins."
                ),
                choices=selectors.label_set_choices,
            ),
        ),
        "split": (
            str,
            MISSING,
            Option(
                gettext_lazy("Split"),
                gettext_lazy("Of the label set: which images train and which decide when it ends."),
                choices=split_choices,
            ),
        ),
        "checkpoint": checkpoint_field(
            gettext_lazy("Weights of an earlier training to begin with."),
            training_selectors.beginning_choices,
        ),
    },
)
