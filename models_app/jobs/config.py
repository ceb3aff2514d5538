"""Configurations of jobs: one dataclass a kind gives the check, the JSON schema and the form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from difflib import get_close_matches
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from django.utils.translation import gettext as _

from models_app.errors import JobInvalid

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise

Choices = Callable[[], Sequence[tuple[str, "Text"]]]
ConfigT = TypeVar("ConfigT", bound="DataclassInstance")
JSON_TYPES: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


@dataclass(frozen=True, slots=True)
class Option:
    """What a person is told of one field of a configuration."""

    label: "Text"
    help: "Text"
    low: float | None = None
    high: float | None = None
    choices: Choices | None = None
    # So many letters a text may have.
    longest: int = 255
    # A heading of the form's second part; empty: shown at once.
    group: "Text" = ""


@dataclass(frozen=True, slots=True)
class Described:
    """One field of a configuration, ready for a form or a schema."""

    name: str
    kind: type
    default: Any
    required: bool
    option: Option


def option(
    label: "Text",
    help: "Text",
    *,
    default: Any = MISSING,
    low: float | None = None,
    high: float | None = None,
    choices: Choices | None = None,
) -> Any:
    """Declare a field; without a default it must be given. Dataclasses of these are kw_only."""
    return field(
        default=default, metadata={"option": Option(label, help, low, high, choices=choices)}
    )


def described(config: type["DataclassInstance"]) -> list[Described]:
    hints = get_type_hints(config)
    return [
        Described(
            name=each.name,
            kind=hints[each.name],
            default=None if each.default is MISSING else each.default,
            required=each.default is MISSING,
            option=each.metadata["option"],
        )
        for each in fields(config)
    ]


def config_load(config: type[ConfigT], raw: object) -> ConfigT:
    """Check a JSON object against a configuration and fill in defaults.

    Raises JobInvalid for the first thing that is wrong, naming the option.
    """
    if not isinstance(raw, Mapping):
        raise JobInvalid(_('A configuration is a JSON object, as in {"dataset": "demo"}.'))
    known = {each.name: each for each in described(config)}
    for name in raw:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            raise JobInvalid(
                _("%(name)r is no option here; allowed are: %(allowed)s.%(hint)s")
                % {
                    "name": name,
                    "allowed": ", ".join(known),
                    "hint": _(" Did you mean %(near)s?") % {"near": near[0]} if near else "",
                }
            )
    values: dict[str, Any] = {}
    for name, each in known.items():
        if name in raw:
            values[name] = value_check(each, raw[name])
        elif each.required:
            raise JobInvalid(
                _("%(name)s is missing: %(help)s") % {"name": name, "help": each.option.help}, name
            )
    return config(**values)


def config_dump(config: "DataclassInstance") -> dict[str, Any]:
    return asdict(config)


def config_schema(config: type["DataclassInstance"], *, title: str) -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a configuration; choices are those of now."""
    properties: dict[str, Any] = {}
    for each in described(config):
        entry: dict[str, Any] = {
            "type": JSON_TYPES[each.kind],
            "title": str(each.option.label),
            "description": str(each.option.help),
        }
        if not each.required:
            entry["default"] = each.default
        if each.option.low is not None:
            entry["minimum"] = each.option.low
        if each.option.high is not None:
            entry["maximum"] = each.option.high
        if each.kind is str:
            entry["maxLength"] = each.option.longest
        if each.option.choices is not None:
            entry["enum"] = [value for value, _label in each.option.choices()]
        properties[each.name] = entry
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": [each.name for each in described(config) if each.required],
        "properties": properties,
    }


def value_check(each: Described, value: object) -> Any:
    """Check the value of one option. Raises JobInvalid, naming it."""
    value = _typed(each, value)
    low, high = each.option.low, each.option.high
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # Written so that a NaN is outside; JSON and databases know no infinity either.
        inside = (low is None or value >= low) and (high is None or value <= high)
        if not inside or value != value or value in (inf, -inf):
            raise JobInvalid(
                _("%(name)s is %(value)s; allowed are %(range)s.")
                % {"name": each.name, "value": value, "range": _range(low, high)},
                each.name,
            )
    if isinstance(value, str) and ("\0" in value or not _is_text(value)):
        raise JobInvalid(
            _("%(name)s has letters that cannot be stored; write it anew.") % {"name": each.name},
            each.name,
        )
    if isinstance(value, str) and len(value) > each.option.longest:
        raise JobInvalid(
            _("%(name)s has %(n)d letters; allowed are %(most)d.")
            % {"name": each.name, "n": len(value), "most": each.option.longest},
            each.name,
        )
    if each.option.choices is not None:
        allowed = [choice for choice, _label in each.option.choices()]
        if value not in allowed:
            raise JobInvalid(_not_among(each.name, value, allowed), each.name)
    return value


def _typed(each: Described, value: object) -> object:
    if each.kind is float and isinstance(value, int) and not isinstance(value, bool):
        # As JSON reads 1e400: too large is infinite, which is outside of any range.
        return float(value) if abs(value) < 10**300 else inf
    # bool is an int to Python, not to a person.
    if type(value) is each.kind:
        return value
    wanted = {
        str: _("a text"),
        int: _("a whole number"),
        float: _("a number"),
        bool: _("true or false"),
    }[each.kind]
    raise JobInvalid(
        _("%(name)s is %(value)r; it must be %(wanted)s.")
        % {"name": each.name, "value": value, "wanted": wanted},
        each.name,
    )


def _is_text(value: str) -> bool:
    """Whether it is more than a half of a letter, as JSON can spell one."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _range(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return _("finite numbers")
    if high is None:
        return _("numbers from %(low)s") % {"low": low}
    if low is None:
        return _("numbers up to %(high)s") % {"high": high}
    return _("numbers from %(low)s to %(high)s") % {"low": low, "high": high}


def _not_among(name: str, value: object, allowed: Sequence[str]) -> str:
    if not allowed:
        return _("%(name)s is %(value)r, but there is none to choose yet.") % {
            "name": name,
            "value": value,
        }
    shown = ", ".join(allowed[:20]) + (", ..." if len(allowed) > 20 else "")
    return _("%(name)s is %(value)r; allowed are: %(allowed)s.") % {
        "name": name,
        "value": value,
        "allowed": shown,
    }
