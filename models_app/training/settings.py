"""How an option of a configuration is declared and checked; no torch, no Django."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING, Any, get_type_hints
from unicodedata import category

from models_app.training.errors import ConfigInvalid

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LONGEST = 1000
"""Letters that a text may have."""

_JOINERS = "\u200c\u200d"
"""Invisible, and part of Persian words, Indian letters and joined emoji."""

_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def gettext_noop(message: str) -> str:
    """Mark a text for `makemessages`; the web side translates it when it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of one option.

    Attributes
    ----------
    label, help
        What people read, in English.
    low, high
        Ends of the allowed range, both included; None where it has none.
    choices
        Value to label, where only some values are allowed.
    group
        Heading under which a form shows it.
    """

    label: str
    help: str
    low: float | None = None
    high: float | None = None
    choices: Mapping[str, str] | None = None
    group: str = ""


def setting(
    label: str,
    help: str,
    *,
    default: Any = MISSING,
    low: float | None = None,
    high: float | None = None,
    choices: Mapping[str, str] | None = None,
    group: str = "",
) -> Any:
    """Declare a field; without a default it must be given."""
    return field(
        default=default,
        metadata={"setting": Setting(label, help, low, high, choices, group)},
    )


def settings_of(config: "type[DataclassInstance]") -> dict[str, Setting]:
    """Return the settings of a configuration by name."""
    return {each.name: each.metadata["setting"] for each in fields(config)}


def names_check(config: "type[DataclassInstance]", raw: object) -> Mapping[str, Any]:
    """Return a JSON object whose keys are options of this configuration, with none missing.

    Raises
    ------
    ConfigInvalid
        If it is no object, or holds an unknown or lacks a needed option.
    """
    if not isinstance(raw, Mapping):
        raise ConfigInvalid('A configuration is a JSON object, as in {"task": "ranking"}.')
    known = {each.name: each for each in fields(config)}
    for name in raw:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigInvalid(
                f"{str(name)[:80]!r} is no option here; allowed are: {', '.join(known)}.{hint}"
            )
    for name, each in known.items():
        if name not in raw and each.default is MISSING:
            raise ConfigInvalid(f"{name} is missing: {each.metadata['setting'].help}", name)
    return raw


def values_check(config: "DataclassInstance") -> None:
    """Check type, range and choice of every option of a frozen configuration.

    Whole numbers given for numbers become numbers.

    Raises
    ------
    ConfigInvalid
        For the first that is wrong, naming it, what it is and what is allowed.
    """
    hints = get_type_hints(type(config))
    for each in fields(config):
        value = getattr(config, each.name)
        wanted = hints[each.name]
        if wanted is float and type(value) is int and abs(value) < 10**300:
            value = float(value)
            object.__setattr__(config, each.name, value)
        # bool is an int to Python, not to a person.
        if type(value) is not wanted:
            raise ConfigInvalid(
                f"{each.name} is {value!r}; it must be {_WORDS[wanted]}.", each.name
            )
        _value_check(each.name, value, each.metadata["setting"])


def _value_check(name: str, value: str | float, known: Setting) -> None:
    if isinstance(value, str):
        _text_check(name, value)
        if known.choices is not None and value not in known.choices:
            raise ConfigInvalid(
                f"{name} is {value[:80]!r}; allowed are: {', '.join(known.choices)}.", name
            )
        if len(value) > LONGEST:
            raise ConfigInvalid(f"{name} has {len(value)} letters; allowed are {LONGEST}.", name)
        return
    low, high = known.low, known.high
    inside = (low is None or value >= low) and (high is None or value <= high)
    if not inside or not isfinite(value):
        raise ConfigInvalid(f"{name} is {value}; allowed are {range_text(known)}.", name)


def _text_check(name: str, text: str) -> None:
    for place, letter in enumerate(text, 1):
        # Names of folders hold spaces of other scripts; isprintable knows but one.
        if not letter.isprintable() and category(letter) != "Zs" and letter not in _JOINERS:
            raise ConfigInvalid(
                f"{name} has a character that cannot be printed (U+{ord(letter):04X}, number "
                f"{place}); remove it, or rename what it names.",
                name,
            )


def range_text(known: Setting) -> str:
    """Return which numbers are allowed."""
    low, high = known.low, known.high
    if low is None and high is None:
        return "finite numbers"
    if high is None:
        return f"numbers from {low}"
    if low is None:
        return f"numbers up to {high}"
    return f"numbers from {low} to {high}"
