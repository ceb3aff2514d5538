"""Options of a training as options of its job: what pretraining and fine-tuning do alike."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, make_dataclass
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
from models_app.training.settings import LONGEST, Setting, settings_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Before names of the other library, as models_app.training.backbones has it, which needs torch.
TIMM = "timm:"
# What is different for a worker than on the command line.
HELP = {"weights": gettext_lazy("ImageNet's come from torch's cache on the worker.")}
# Type, default, what people are told.
Field = tuple[type, Any, Option]


@dataclass(frozen=True, slots=True)
class Source:
    """The configuration of a training, and what of it a job has otherwise."""

    config: "type[DataclassInstance]"
    # What people choose every time; a form shows these first, in this order.
    common: tuple[str, ...]
    # Of a training on the command line; here the database says which.
    replaced: tuple[str, ...]

    @property
    def shared(self) -> set[str]:
        """Names of the options that mean the same on the command line and here."""
        return settings_of(self.config).keys() - set(self.replaced)


def config_make(source: Source, own: Mapping[str, Field]) -> "type[DataclassInstance]":
    """Make a job's configuration of a training's, with `own` options besides."""
    hints = get_type_hints(source.config)
    settings = settings_of(source.config)
    found: dict[str, Field] = {
        each.name: (hints[each.name], each.default, _described(source, settings, each.name))
        for each in fields(source.config)
        if each.name not in source.replaced
    }
    found = {**own, **found}
    order = [*source.common, *(name for name in found if name not in source.common)]
    made = [
        (name, kind, dataclass_field(default=default, metadata={"option": option}))
        for name, (kind, default, option) in ((name, found[name]) for name in order)
    ]
    return make_dataclass("Config", made, kw_only=True, frozen=True)


def values_shared(source: Source, config: Any) -> dict[str, Any]:
    return {name: getattr(config, name) for name in source.shared}


def weights_check(config: Any) -> None:
    """Check what it begins with, and its backbone. Raises JobInvalid, naming the option."""
    if (config.weights == "file") != bool(config.checkpoint):
        raise JobInvalid(
            _(
                "Initial weights and checkpoint do not fit: choose a checkpoint with initial "
                "weights from a checkpoint, and none otherwise."
            ),
            "checkpoint",
        )
    _backbone_check(config.backbone.strip())


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


def checkpoint_field(help: Any, choices: Callable[[], Iterable[tuple[str, Any]]]) -> Field:
    return (
        str,
        "",
        Option(gettext_lazy("Checkpoint"), help, choices=lambda: [("", _("none")), *choices()]),
    )


def _described(source: Source, settings: Mapping[str, Setting], name: str) -> Option:
    setting = settings[name]
    special: dict[str, Choices] = {
        "device": device_choices,
        "weights": lambda: _weights_choices(setting),
    }
    choices = special.get(name) or (_fixed(dict(setting.choices)) if setting.choices else None)
    return Option(
        gettext_lazy(setting.label),
        HELP.get(name) or gettext_lazy(setting.help),
        setting.low,
        setting.high,
        choices=choices,
        longest=LONGEST,
        group="" if name in source.common else gettext_lazy(setting.group),
    )


def _weights_choices(setting: Setting) -> list[tuple[str, Any]]:
    own = {"file": gettext_lazy("a checkpoint, chosen below")}
    return [(value, own.get(value) or _(label)) for value, label in (setting.choices or {}).items()]


def _fixed(choices: dict[str, str]) -> Choices:
    return lambda: [(value, _(label)) for value, label in choices.items()]
