"""The distortions and their levels: which there are, what people call them, where the code lies.

Import-light on purpose: the web process reads this list and must never load torch.
A new distortion is one file in `ops/` and one line in `DISTORTIONS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, Literal, get_args

Aspect = Literal["technical", "style", "composition"]

PRESET = "pfister2021"
"""Name of this set of levels; it is stored beside renditions so that another set can join it."""


def gettext_noop(message: str) -> str:
    """Mark a label for `makemessages`; the web side translates it when it is shown."""
    return message


_ = gettext_noop


@dataclass(frozen=True, slots=True)
class Level:
    """One setting of a distortion.

    Attributes
    ----------
    key
        As the reference's lists spell it: `-1.0`, `0.2`, `-100`, `2000`, `0.75`.
    value
        The same as a number, in the distortion's own unit.
    step
        Place in the chain counted away from the original: -1, -2, ... below the default level,
        1, 2, ... above it. The original itself is step 0 and is not rendered.
    identity
        True where the result is the original, bit for bit.
    """

    key: str
    value: float
    step: int
    identity: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One distortion.

    Attributes
    ----------
    key
        The reference's name; stored in the database and used in file names.
    label
        What people read, in English; translate it when showing it.
    aspect
        What the distortion spoils: `technical`, `style` or `composition`.
    levels
        Ascending by value, without the default.
    default
        The level that the reference gives the unedited original.
    path
        Dotted path of the class that renders it.
    note
        What a reader of results has to know about this distortion.
    """

    key: str
    label: str
    aspect: Aspect
    levels: tuple[Level, ...]
    default: float
    path: str
    note: str = ""


class UnknownDistortionError(ValueError):
    """A distortion, level or selection that the registry does not hold."""


def _levels(spelled: str, default: float, identity: str | None) -> tuple[Level, ...]:
    keys = sorted(spelled.split(), key=float)
    values = [float(key) for key in keys]
    if len(set(values)) != len(values) or default in values:
        raise ValueError(f"Levels {spelled!r} must differ from each other and from {default}.")
    below = sum(value < default for value in values)
    return tuple(
        Level(key, value, place - below if place < below else place - below + 1, key == identity)
        for place, (key, value) in enumerate(zip(keys, values, strict=True))
    )


def _style(
    key: str, label: str, levels: str, default: float, note: str = "", identity: str | None = None
) -> Entry:
    path = f"{__package__}.ops.{key}.{key.title()}"
    return Entry(key, label, "style", _levels(levels, default, identity), default, path, note)


def _registry(*entries: Entry) -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.key in found:
            raise ValueError(f"Distortion {entry.key!r} is registered twice; keys must be unique.")
        found[entry.key] = entry
    return MappingProxyType(found)


_TENTHS = "-1.0 -0.8 -0.6 -0.4 -0.2 0.2 0.4 0.6 0.8 1.0"
_STOPS = "-3.0 -2.4 -1.8 -1.2 -0.6 0.6 1.2 1.8 2.4 3.0"
_KELVIN = "2000 3000 5000 6000 7000 8000 10000 14000 18000"
_TINTS = "0.75 0.8 0.85 0.9 0.95 1.05 1.1 1.15 1.2 1.25"
_SHADOWS = "-100 -60 -20 20 40 60 80 100"
_HIGHLIGHTS = "-100 -80 -60 -40 -20 20 60 100"

_SHADOWS_NOTE = _(
    "Two edits at once: every level also sets highlights to +100, as in the reference's edit "
    "files, so the original is not a point of this scale."
)
_HIGHLIGHTS_NOTE = _(
    "Two edits at once: every level also sets shadows to +50, as in the reference's edit files, "
    "so the original is not a point of this scale."
)
_VIBRANCE_NOTE = _(
    "Level 0 is the original itself, and level 20 is more vivid than it, although the "
    "reference counts both as below the default of 25."
)

DISTORTIONS: Mapping[str, Entry] = _registry(
    _style("brightness", _("Brightness"), _TENTHS, 0.0),
    _style("contrast", _("Contrast"), _TENTHS, 0.0),
    _style("saturation", _("Saturation"), _TENTHS, 0.0),
    _style("exposure", _("Exposure"), _STOPS, 0.0),
    _style("shadows", _("Shadows"), _SHADOWS, 50.0, _SHADOWS_NOTE),
    _style("highlights", _("Highlights"), _HIGHLIGHTS, -50.0, _HIGHLIGHTS_NOTE),
    _style("temperature", _("Colour temperature"), _KELVIN, 6500.0),
    _style("tint", _("Tint"), _TINTS, 1.0),
    _style("vibrance", _("Vibrance"), "0 20 40 60 80 100", 25.0, _VIBRANCE_NOTE, identity="0"),
)


def distortion_get(key: str) -> Entry:
    """Return the distortion of this key.

    Raises
    ------
    UnknownDistortionError
        Naming the keys there are.
    """
    try:
        return DISTORTIONS[key]
    except KeyError:
        raise UnknownDistortionError(
            f"Unknown distortion {key!r}; choose from {', '.join(DISTORTIONS)}."
        ) from None


def level_get(key: str, level_key: str) -> Level:
    """Return one level of one distortion.

    Raises
    ------
    UnknownDistortionError
        Naming the keys there are.
    """
    levels = distortion_get(key).levels
    for level in levels:
        if level.key == level_key:
            return level
    raise UnknownDistortionError(
        f"Unknown level {level_key!r} of {key}; "
        f"choose from {', '.join(level.key for level in levels)}."
    )


def select(wanted: str) -> tuple[Entry, ...]:
    """Return the distortions that a comma-separated selection names, in the registry's order.

    Parameters
    ----------
    wanted
        Keys, aspects or `all`, such as `style` or `contrast,tint`.

    Raises
    ------
    UnknownDistortionError
        If the selection is empty, or a word is no key, no aspect that has distortions, nor `all`.
    """
    words = [word.strip() for word in wanted.split(",") if word.strip()]
    aspects = {entry.aspect for entry in DISTORTIONS.values()}
    choices = ["all", *(a for a in get_args(Aspect) if a in aspects), *DISTORTIONS]
    unknown = [word for word in words if word not in choices]
    if unknown or not words:
        named = ", ".join(map(repr, unknown)) if unknown else f"selection {wanted!r}"
        raise UnknownDistortionError(
            f"Unknown distortion {named}; choose from {', '.join(choices)}."
        )
    return tuple(
        entry
        for entry in DISTORTIONS.values()
        if not {"all", entry.aspect, entry.key}.isdisjoint(words)
    )


def load(key: str) -> Any:
    """Import the code of a distortion (and with it torch) and return its op, ready for use.

    The result follows `models_app.distortions.ops.base.Op`; it is not named in the signature,
    because that name cannot be imported without torch.

    Raises
    ------
    UnknownDistortionError
        Naming the keys there are.
    """
    module, _dot, name = distortion_get(key).path.rpartition(".")
    return getattr(import_module(module), name)()
