"""The presets, their distortions and levels: which there are, and where the code lies.

Import-light on purpose: the web process reads this list and must never load torch.
A new distortion is one file in `ops/` and one line in a file of `presets/`.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, get_args

from models_app.distortions.catalogue import Aspect, Entry, Level, Preset, gettext_noop
from models_app.distortions.presets.pfister2021 import IDENTITY_ZERO, PFISTER2021
from models_app.distortions.presets.sheng2020 import SHENG2020

PRESET = "pfister2021"
"""The preset that is taken where none is named."""

_ = gettext_noop


class UnknownDistortionError(ValueError):
    """A preset, distortion, level or selection that the registry does not hold."""


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.key: preset
        for preset in (
            Preset(PRESET, _("Pfister et al. 2021, as released"), PFISTER2021),
            Preset(
                "identity_zero",
                _("Pfister et al. 2021, one parameter a distortion, nothing changed at zero"),
                IDENTITY_ZERO,
            ),
            Preset("sheng2020", _("Sheng et al. 2020, pretext operations"), SHENG2020, "patch"),
        )
    }
)

DISTORTIONS: Mapping[str, Entry] = PRESETS[PRESET].distortions
"""The distortions of the default preset."""


def preset_get(key: str) -> Preset:
    """Return the preset of this key.

    Raises
    ------
    UnknownDistortionError
        Naming the presets there are.
    """
    try:
        return PRESETS[key]
    except KeyError:
        raise UnknownDistortionError(
            f"Unknown preset {key!r}; choose from {', '.join(PRESETS)}."
        ) from None


def distortion_get(key: str, *, preset: str = PRESET) -> Entry:
    """Return the distortion of this key.

    Raises
    ------
    UnknownDistortionError
        Naming the keys there are.
    """
    distortions = preset_get(preset).distortions
    try:
        return distortions[key]
    except KeyError:
        raise UnknownDistortionError(
            f"Unknown distortion {key!r}; choose from {', '.join(distortions)}."
        ) from None


def level_get(key: str, level_key: str, *, preset: str = PRESET) -> Level:
    """Return one level of one distortion.

    Raises
    ------
    UnknownDistortionError
        Naming the keys there are.
    """
    levels = distortion_get(key, preset=preset).levels
    for level in levels:
        if level.key == level_key:
            return level
    raise UnknownDistortionError(
        f"Unknown level {level_key!r} of {key}; "
        f"choose from {', '.join(level.key for level in levels)}."
    )


def select(wanted: str, *, preset: str = PRESET) -> tuple[Entry, ...]:
    """Return the distortions that a comma-separated selection names, in the registry's order.

    Parameters
    ----------
    wanted
        Keys, aspects or `all`, such as `style` or `contrast,tint`.
    preset
        Key of the preset that is chosen from.

    Raises
    ------
    UnknownDistortionError
        If the selection is empty, or a word is no key, no aspect that has distortions, nor `all`.
    """
    distortions = preset_get(preset).distortions
    words = [word.strip() for word in wanted.split(",") if word.strip()]
    aspects = {entry.aspect for entry in distortions.values()}
    choices = ["all", *(a for a in get_args(Aspect) if a in aspects), *distortions]
    unknown = [word for word in words if word not in choices]
    if unknown or not words:
        named = ", ".join(map(repr, unknown)) if unknown else f"selection {wanted!r}"
        raise UnknownDistortionError(
            f"Unknown distortion {named}; choose from {', '.join(choices)}."
        )
    return tuple(
        entry
        for entry in distortions.values()
        if not {"all", entry.aspect, entry.key}.isdisjoint(words)
    )


def load(entry: Entry) -> Any:
    """Import the code of a distortion (and with it torch) and return its op, ready for use.

    The result follows `models_app.distortions.ops.base.Op`; it is not named in the signature,
    because that name cannot be imported without torch.
    """
    module, _dot, name = entry.path.rpartition(".")
    return getattr(import_module(module), name)(**entry.options)
