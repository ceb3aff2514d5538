from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from analysis.telltale import Sides
from survey.blinding.base import Shown, Trait


class Timing:
    """How long the answers took. The two are asked for one after the other, in a drawn order."""

    def traits(self, shown: Sequence[Shown]) -> Iterator[Trait]:
        trials = [each.trial for each in shown]
        reason = _("depends on machine, load and cache at that moment; look again if it stands out")
        yield Trait(
            _("time to the last byte"),
            Sides([t.left.seconds for t in trials], [t.right.seconds for t in trials]),
            reason,
        )
