"""The options of a pretraining job: those of the training itself, but for what a database knows."""

from dataclasses import MISSING, fields, make_dataclass
from dataclasses import field as dataclass_field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_type_hints

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import JobInvalid
from models_app.jobs.config import Choices, Option
from models_app.jobs.photo_walk import device_choices
from models_app.models import Checkpoint
from models_app.networks.backbones import BACKBONES
from models_app.selectors import findings
from models_app.selectors import training as selectors
from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid
from models_app.training.settings import LONGEST, Setting, settings_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# What people choose every time; a form shows these first, in this order.
COMMON = (
    "dataset", "task", "backbone", "width", "weights", "checkpoint", "side", "epochs",
    "photos_per_batch", "learning_rate", "seed", "device",
)  # fmt: skip
# Of a training on the command line; here the database says which photos, splits and weights.
REPLACED = ("photos", "split_lists", "weights_file")
# What is different for a worker than on the command line.
HELP = {"weights": gettext_lazy("ImageNet's come from torch's cache on the worker.")}
# Before names of the other library, as models_app.training.backbones has it, which needs torch.
TIMM = "timm:"
# The option that a complaint about a replaced one belongs to.
FIELDS = {"photos": "dataset", "split_lists": "dataset", "weights_file": "checkpoint"}


def train_config(config: Any, *, weights_file: str = "") -> TrainConfig:
    """Return what the training takes. Raises JobInvalid, naming the option of the job."""
    if (config.weights == "file") != bool(config.checkpoint):
        raise JobInvalid(
            _(
                "Initial weights and checkpoint do not fit: choose a checkpoint with initial "
                "weights from a checkpoint, and none otherwise."
            ),
            "checkpoint",
        )
    # First: of a name that is misspelt, what follows would complain about its width.
    _backbone_check(config.backbone.strip())
    shared = settings_of(TrainConfig).keys() - set(REPLACED)
    values = {name: getattr(config, name) for name in shared}
    try:
        return TrainConfig.from_json(
            {**values, "photos": config.dataset, "weights_file": weights_file}
        )
    except ConfigInvalid as error:
        raise JobInvalid(str(error), FIELDS.get(error.name, error.name)) from error


def _backbone_check(name: str) -> None:
    """Raises JobInvalid; what timm knows, only a worker that has it can tell."""
    if not name or name in BACKBONES or name.startswith(TIMM):
        return
    near = get_close_matches(name, BACKBONES, n=3, cutoff=0.5)
    hint = _(" Did you mean %(names)s?") % {"names": ", ".join(near)} if near else ""
    raise JobInvalid(
        _(
            "Torchvision has no classification network %(name)s; allowed are its names, such as "
            "mobilenet_v2, and timm:NAME."
        )
        % {"name": repr(name[:80])}
        + hint,
        "backbone",
    )


def checkpoint_get(config: Any) -> Checkpoint | None:
    """Return the weights to begin with. Raises JobInvalid where they are gone."""
    if not config.checkpoint:
        return None
    found = findings.checkpoint_named(config.checkpoint)
    if found is None:
        raise JobInvalid(
            _("There is no checkpoint %(name)s; choose another.") % {"name": config.checkpoint},
            "checkpoint",
        )
    return found


def _checkpoint_choices() -> list[tuple[str, Any]]:
    return [("", _("none")), *selectors.checkpoint_choices()]


def _weights_choices() -> list[tuple[str, Any]]:
    known = settings_of(TrainConfig)["weights"].choices or {}
    own = {"file": gettext_lazy("a checkpoint, chosen below")}
    return [(value, own.get(value) or _(label)) for value, label in known.items()]


def _fixed(choices: dict[str, str]) -> Choices:
    return lambda: [(value, _(label)) for value, label in choices.items()]


def _described(name: str, setting: Setting) -> Option:
    special: dict[str, Choices] = {"device": device_choices, "weights": _weights_choices}
    choices = special.get(name) or (_fixed(dict(setting.choices)) if setting.choices else None)
    return Option(
        gettext_lazy(setting.label),
        HELP.get(name) or gettext_lazy(setting.help),
        setting.low,
        setting.high,
        choices=choices,
        longest=LONGEST,
        group="" if name in COMMON else gettext_lazy(setting.group),
    )


def _own() -> dict[str, tuple[type, Any, Option]]:
    return {
        "dataset": (
            str,
            MISSING,
            Option(
                gettext_lazy("Dataset"),
                gettext_lazy("Its photos are learnt from, but for those that are excluded."),
                choices=findings.dataset_choices,
            ),
        ),
        "checkpoint": (
            str,
            "",
            Option(
                gettext_lazy("Checkpoint"),
                gettext_lazy("Weights of an earlier pretraining to begin with."),
                choices=_checkpoint_choices,
            ),
        ),
    }


def _config_make() -> "type[DataclassInstance]":
    hints = get_type_hints(TrainConfig)
    settings = settings_of(TrainConfig)
    found = {
        each.name: (hints[each.name], each.default, _described(each.name, settings[each.name]))
        for each in fields(TrainConfig)
        if each.name not in REPLACED
    }
    found = _own() | found
    order = [*COMMON, *(name for name in found if name not in COMMON)]
    made = [
        (name, kind, dataclass_field(default=default, metadata={"option": option}))
        for name, (kind, default, option) in ((name, found[name]) for name in order)
    ]
    return make_dataclass("Config", made, kw_only=True, frozen=True)


Config = _config_make()
