"""What people are told of weights and of how photos become a network's input."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from models_app.models import Checkpoint
from models_app.networks.architectures import ANY, FINETUNED, Entry, architecture_get
from models_app.networks.errors import NetworkError
from models_app.networks.preprocessing import Preprocessing


def architecture_words(key: str) -> str:
    """Return an architecture's name for people, also of one that is no more."""
    try:
        found = architecture_get(key)
    except NetworkError:
        return key
    if key.startswith(ANY):
        return _("%(name)s of torchvision") % {"name": found.label}
    return _finetuned_words(key, found) if key.startswith(FINETUNED) else _(found.label)


def network_words(checkpoint: Checkpoint) -> str:
    """Return the name of a checkpoint's network with its width, so far as that is known.

    A judge's is part of its key; that of a pretrained network the job knows that made it.
    """
    said = architecture_words(checkpoint.architecture)
    if checkpoint.purpose == Checkpoint.Purpose.JUDGE or checkpoint.made_by is None:
        return said
    return wide(said, checkpoint.made_by.config.get("width", 1))


def wide(name: str, width: float) -> str:
    """Name a network with the width of its layers, where that is not 1."""
    return name if width == 1 else f"{name} × {width:g}"


def _finetuned_words(key: str, found: Entry) -> str:
    values = {
        "name": wide(found.options["backbone"], float(found.options["width"])),
        "side": found.options["side"],
    }
    if "/" in key:
        return _("NIMA on %(name)s of %(side)s pixels, fine-tuned here") % values
    return _("NIMA on %(name)s, fine-tuned here") % values


def preprocessing_words(stored: Mapping[str, Any]) -> str:
    """Say in one phrase what is done with a photo before a network sees it."""
    try:
        found = Preprocessing.from_json(stored)
    except NetworkError as error:
        return str(error)
    values = {"resize": found.resize, "crop": found.crop, "filter": found.interpolation}
    shapes = {
        "short_side": _("shorter side %(resize)d pixels (%(filter)s)"),
        "pad_square": _("padded to a black square of %(resize)d pixels (%(filter)s)"),
        "stretch": _("squeezed to a square of %(resize)d pixels (%(filter)s)"),
    }
    parts = [shapes[found.mode] % values]
    if found.crop:
        parts.append(_("the middle %(crop)d × %(crop)d of it") % values)
    return ", ".join([*parts, _scale_words(found)])


def _scale_words(found: Preprocessing) -> str:
    known = {
        "none": _("values 0 to 1, no mean and sd taken off"),
        "imagenet": _("values 0 to 1, then ImageNet’s mean and sd"),
        "half": _("values from −1 to 1"),
    }
    if found.normalisation in known:
        return known[found.normalisation]
    return _("values 0 to 1, then mean %(mean)s and sd %(sd)s") % {
        "mean": _triple(found.mean),
        "sd": _triple(found.std),
    }


def _triple(values: tuple[float, ...]) -> str:
    return " / ".join(f"{value:g}" for value in values)


def checkpoint_shown(checkpoint: Checkpoint) -> dict[str, Any]:
    """What pages say of a checkpoint beside every score that it gave."""
    return {
        "checkpoint": checkpoint,
        "architecture": network_words(checkpoint),
        "preprocessing": preprocessing_words(checkpoint.preprocessing),
    }
