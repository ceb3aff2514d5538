"""Addresses into filters, and filters into addresses and words."""

from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.selectors.photos import NO_SPLIT, SORTS, PhotoFilter

# Parameter of the address -> field of the filter.
TEXTS = {
    "split": "split",
    "class": "label",
    "object": "object",
    "state": "state",
    "name": "name",
    "survey": "survey",
    "sort": "sort",
}
NUMBERS = {"low": "low", "high": "high"}
LENGTH_MOST = 255
STATES: dict[str, Promise] = {
    "included": gettext_lazy("not excluded"),
    "excluded": gettext_lazy("excluded"),
}
SORT_LABELS: dict[str, Promise] = {
    "name": gettext_lazy("name"),
    "score": gettext_lazy("lowest score first"),
    "-score": gettext_lazy("highest score first"),
    "-size": gettext_lazy("most pixels first"),
    "size": gettext_lazy("fewest pixels first"),
}


class FilterProblem(ValueError):
    """The address asks for something that cannot be; the text says what there is."""


def filter_read(query: QueryDict) -> PhotoFilter:
    """Read a filter; what it does not know raises FilterProblem instead of showing all photos."""
    values: dict[str, Any] = {}
    for name, field in TEXTS.items():
        text = query.get(name, "").strip()
        if "\0" in text or len(text) > LENGTH_MOST:
            raise FilterProblem(
                _("The %(name)s of this address is no text of at most %(n)d letters.")
                % {"name": name, "n": LENGTH_MOST}
            )
        if text:
            values[field] = text
    for name, field in NUMBERS.items():
        if text := query.get(name, "").strip():
            values[field] = _number(text)
    found = PhotoFilter(**values)
    for value, allowed, what in (
        (found.sort, SORTS, _("order")),
        (found.state, ("", *STATES), _("state")),
    ):
        if value not in allowed:
            raise FilterProblem(
                _("There is no %(what)s %(value)r; there are: %(allowed)s.")
                % {"what": what, "value": value[:40], "allowed": ", ".join(filter(None, allowed))}
            )
    return found


def _number(text: str) -> float:
    try:
        # People write a decimal comma where their language does.
        number = float(text.replace(",", "."))
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise FilterProblem(
            _("The score %(text)r is no number; write one from 1 to 10, as in 4.5.")
            % {"text": text[:40]}
        )
    return number


def filter_query(wanted: PhotoFilter, **more: int) -> str:
    """Write a filter as the query of an address; what asks for nothing is left out."""
    pairs = {name: getattr(wanted, field) for name, field in (TEXTS | NUMBERS).items()}
    kept: dict[str, str | int] = {
        name: f"{value:g}" if isinstance(value, float) else value
        for name, value in pairs.items()
        if value not in ("", None) and (name, value) != ("sort", "name")
    }
    return urlencode({**kept, **more})


def filter_pairs(wanted: PhotoFilter) -> dict[str, str]:
    """Return a filter as hidden fields of a form."""
    pairs = QueryDict(filter_query(wanted))
    return {name: str(pairs[name]) for name in pairs}


@dataclass(frozen=True, slots=True)
class Chip:
    """One condition in words, and the address's query without it."""

    said: str
    without: str


def filter_chips(wanted: PhotoFilter) -> list[Chip]:
    said: list[tuple[str, str, Any]] = []
    if wanted.split == NO_SPLIT:
        said.append(("split", _("no split"), ""))
    elif wanted.split:
        said.append(("split", _("split %(name)s") % {"name": wanted.split}, ""))
    if wanted.label:
        said.append(("label", _("class %(name)s") % {"name": wanted.label}, ""))
    if wanted.object:
        said.append(("object", _("shows %(name)s") % {"name": wanted.object}, ""))
    if wanted.low is not None:
        said.append(("low", _("score at least %(n)s") % {"n": f"{wanted.low:g}"}, None))
    if wanted.high is not None:
        said.append(("high", _("score below %(n)s") % {"n": f"{wanted.high:g}"}, None))
    if wanted.state:
        said.append(("state", str(STATES[wanted.state]), ""))
    if wanted.name:
        said.append(("name", _("“%(name)s” in the name") % {"name": wanted.name}, ""))
    if wanted.survey:
        said.append(("survey", _("in the survey %(name)s") % {"name": wanted.survey}, ""))
    return [
        Chip(text, filter_query(replace(wanted, **{field: empty}))) for field, text, empty in said
    ]
