from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from django.utils.translation import gettext as _

from analysis.telltale import Sides
from analysis.telltale_rules import Value
from survey.blinding.base import Served, Shown, Trait


class Content:
    """What follows from the pixels: a filter changes them, so none of this can be at chance."""

    def traits(self, shown: Sequence[Shown]) -> Iterator[Trait]:
        pixels = _("follows from the pixels, which a filter changes")
        coded = _(
            "follows from the pixels; padding hides it from whoever does not look for its end"
        )
        again = _("originals come again with every filter; photo_repeats 1 keeps it from a session")
        facts: tuple[tuple[str, Callable[[Served], Value], str], ...] = (
            (_("content: length without padding"), lambda s: s.picture.layout.end, coded),
            (_("content: Huffman tables"), lambda s: s.picture.layout.huffman, pixels),
            (_("content: different colours"), lambda s: s.picture.colours, pixels),
            (_("content: share of clipped pixels"), lambda s: s.picture.clipped, pixels),
            (_("content: seen before by anybody"), lambda s: s.picture.digest, again),
        )
        left = [each.trial.left for each in shown]
        right = [each.trial.right for each in shown]
        for name, fact, reason in facts:
            yield Trait(name, Sides([fact(s) for s in left], [fact(s) for s in right]), reason)
        yield Trait(_("content: seen before in the session"), _seen(shown), again)


def _seen(shown: Sequence[Shown]) -> Sides:
    """Count how often each picture was among the earlier pairs of its participant."""
    seen: dict[tuple[int, str], int] = defaultdict(int)
    left: list[Value] = []
    right: list[Value] = []
    for each in shown:
        for column, served in zip((left, right), each.trial.sides, strict=True):
            key = each.trial.participant, served.picture.digest
            column.append(seen[key])
            seen[key] += 1
    return Sides(left, right)
