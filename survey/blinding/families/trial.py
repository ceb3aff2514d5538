import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analysis.telltale import Whole
from analysis.telltale_rules import Value
from survey.blinding.base import Shown, Trait, headers_joined

ADDRESSES = ("left", "right")
Entry = Mapping[str, Any]


class TrialFields:
    """All else that the API says of a pair: fields, their order, headers, and what it said before.

    The API names the next pair, too. What it said of a pair then is a feature of that pair.
    """

    def traits(self, shown: Sequence[Shown]) -> Iterator[Trait]:
        entries = [each.trial.entry for each in shown]
        yield Trait(_("JSON: order of the fields"), Whole([" ".join(entry) for entry in entries]))
        answers = [_outside(each.trial.answer) for each in shown]
        orders: list[Value] = [" ".join(answer) for answer in answers]
        yield Trait(_("JSON: order of the answer's fields"), Whole(orders))
        for name, rows in (("trials[0].", entries), ("", answers)):
            for field in _keys(rows):
                values = [_value(row.get(field)) for row in rows]
                yield Trait(_("JSON: %(field)s") % {"field": f"{name}{field}"}, Whole(values))
        yield from _ahead(shown)
        headers = [headers_joined(each.trial.answer_headers) for each in shown]
        for field in dict.fromkeys(key for row in headers for key in row):
            values = [row.get(field) for row in headers]
            yield Trait(_("JSON answer: header %(name)s") % {"name": field}, Whole(values))


def _ahead(shown: Sequence[Shown]) -> Iterator[Trait]:
    """Give what an earlier answer said of each pair, but for what it says again when it is open."""
    now = [_told(each.trial.entry) for each in shown]
    for at, said in sorted(_entries_ahead(shown).items()):
        before = [said.get(each.trial.token, {}) for each in shown]
        for field in dict.fromkeys(key for row in before for key in row):
            pairs = [
                (row[field], open_.get(field))
                for row, open_ in zip(before, now, strict=True)
                if field in row
            ]
            if any(then != again for then, again in pairs):
                values = [row.get(field) for row in before]
                name = f"trials[{at}].{field}"
                yield Trait(_("JSON: %(field)s") % {"field": name}, Whole(values))


def _entries_ahead(shown: Sequence[Shown]) -> dict[int, dict[str, dict[str, Value]]]:
    """Collect what the entries after an answer's first say, by their place and token."""
    found: dict[int, dict[str, dict[str, Value]]] = defaultdict(dict)
    for each in shown:
        for at, entry in enumerate(json.loads(each.trial.answer)["trials"]):
            if at:
                found[at][str(entry["token"])] = _told(entry)
    return found


def _told(entry: Entry) -> dict[str, Value]:
    """Return all that an entry says, its addresses and the order of its fields, too."""
    return {key: _value(given) for key, given in entry.items()} | {
        "order of the fields": " ".join(entry)
    }


def _keys(rows: Sequence[Entry]) -> list[str]:
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
