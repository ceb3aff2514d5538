from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from analysis.telltale import Sides
from analysis.telltale_rules import Value
from survey.blinding.base import Shown, Trait


class Order:
    """Which of the two addresses comes first in the text of the API's answer and of the page."""

    def traits(self, shown: Sequence[Shown]) -> Iterator[Trait]:
        trials = [each.trial for each in shown]
        addresses = [(trial.left.address, trial.right.address) for trial in trials]
        for name, texts in (
            (_("order in JSON"), [trial.answer for trial in trials]),
            (_("order in HTML"), [trial.page for trial in trials]),
        ):
            places = [_places(text, both) for text, both in zip(texts, addresses, strict=True)]
            yield Trait(name, Sides([p[0] for p in places], [p[1] for p in places]))


def _places(text: str, addresses: tuple[str, str]) -> tuple[Value, Value]:
    """Return which address comes first and which second; None for one that is not there."""
    left, right = (text.find(address) for address in addresses)
    return _rank(left, right), _rank(right, left)


def _rank(at: int, other: int) -> Value:
    if at < 0:
        return None
    return "second" if 0 <= other < at else "first"
