from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from analysis.telltale import Sides, Whole
from survey.blinding.base import Shown, Trait


class Side:
    """Where the original stands, by itself and by what else a participant knows of a pair."""

    def traits(self, shown: Sequence[Shown]) -> Iterator[Trait]:
        n = len(shown)
        yield Trait(_("side"), Sides(["left"] * n, ["right"] * n))
        places = ["odd" if each.trial.place % 2 else "even" for each in shown]
        yield Trait(_("side, by odd and even places"), Whole(places))
        yield Trait(_("side, by photo"), Whole([each.truth.photo for each in shown]))
        # Counterbalancing by a biased coin makes this differ from chance, and by design little:
        # survey/pairing/balanced.py.
        reason = _("needs the sides of earlier originals, which nothing but their pixels tells")
        leads, previous = _earlier(shown)
        yield Trait(_("side, by those of all earlier pairs"), Whole(leads), reason)
        yield Trait(_("side, by that of the pair before"), Whole(previous), reason)


def _earlier(shown: Sequence[Shown]) -> tuple[list[int], list[str | None]]:
    """Give each pair's lead of left so far in its session, and the side of the pair before."""
    lead: dict[int, int] = defaultdict(int)
    last: dict[int, str | None] = defaultdict(lambda: None)
    leads, previous = [], []
    for each in shown:
        who = each.trial.participant
        leads.append(lead[who])
        previous.append(last[who])
        lead[who] += 1 if each.truth.original_left else -1
        last[who] = "left" if each.truth.original_left else "right"
    return leads, previous
