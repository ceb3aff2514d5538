from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from analysis.telltale import Sides
from survey.blinding.base import Shown, Trait


class Address:
    """The text of a picture's address: characters, beginnings, ends, length, order."""

    def traits(self, shown: Sequence[Shown]) -> Iterator[Trait]:
        trials = [each.trial for each in shown]
        yield Trait(
            _("address of the picture"),
            Sides([t.left.address for t in trials], [t.right.address for t in trials]),
        )
