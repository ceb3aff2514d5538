from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from analysis.telltale import Sides
from analysis.telltale_rules import Value
from survey.blinding.base import Served, Shown, Trait, headers_joined


class Headers:
    """Every header of a picture's answer, whether it is there, their order, and the bytes sent."""

    def traits(self, shown: Sequence[Shown]) -> Iterator[Trait]:
        left = [each.trial.left for each in shown]
        right = [each.trial.right for each in shown]
        served = [*left, *right]
        names = dict.fromkeys(name.lower() for each in served for name, _value in each.headers)
        for name in sorted(names):
            values = Sides([_header(s, name) for s in left], [_header(s, name) for s in right])
            yield Trait(_("header %(name)s") % {"name": name}, values)
        yield Trait(
            _("order of the headers"), Sides([_order(s) for s in left], [_order(s) for s in right])
        )
        yield Trait(_("bytes sent"), Sides([s.sent for s in left], [s.sent for s in right]))


def _header(served: Served, wanted: str) -> Value:
    """Return a header, a number where it is one; repeated headers are joined, none is None."""
    text = headers_joined(served.headers).get(wanted)
    return int(text) if text is not None and text.isdecimal() else text


def _order(served: Served) -> str:
    return " ".join(name for name, _value in served.headers)
