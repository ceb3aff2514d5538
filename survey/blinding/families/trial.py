import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analysis.telltale import Whole
from analysis.telltale_rules import Value
from survey.blinding.base import Shown, Trait

ADDRESSES = ("left", "right")


class TrialFields:
    """All else that the API and the page say while a pair is open: fields, their order, headers."""

    def traits(self, shown: Sequence[Shown]) -> Iterator[Trait]:
        entries = [each.trial.entry for each in shown]
        yield Trait(_("JSON: order of the fields"), Whole([" ".join(entry) for entry in entries]))
        answers = [_outside(each.trial.answer) for each in shown]
        for name, rows in (("trials[0].", entries), ("", answers)):
            for field in _keys(rows):
                values = [_value(row.get(field)) for row in rows]
                yield Trait(_("JSON: %(field)s") % {"field": f"{name}{field}"}, Whole(values))
        headers = [_joined(each.trial.answer_headers) for each in shown]
        for field in _keys(headers):
            values = [row.get(field) for row in headers]
            yield Trait(_("JSON answer: header %(name)s") % {"name": field}, Whole(values))
        lengths: list[Value] = [len(each.trial.page) for each in shown]
        yield Trait(_("HTML: length of the page"), Whole(lengths))


def _keys(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the keys of all rows without the addresses, in the order in which they first come."""
    keys = dict.fromkeys(key for row in rows for key in row)
    return [key for key in keys if key not in ADDRESSES]


def _outside(answer: str) -> dict[str, Any]:
    """Return the answer's own fields, beside its list of pairs."""
    return {key: value for key, value in json.loads(answer).items() if key != "trials"}


def _value(given: Any) -> Value:
    if given is None or isinstance(given, str | float | int):
        return given
    return json.dumps(given, sort_keys=True)


def _joined(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found
