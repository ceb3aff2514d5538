from collections.abc import Callable, Iterator, Sequence

from django.utils.translation import gettext as _

from analysis.telltale import Sides, Whole
from analysis.telltale_rules import Value
from survey.blinding.base import Shown, Trait
from survey.blinding.pictures import PictureFacts


class ContainerFacts:
    """The file around the pixels: what one encoder makes the same for both pictures of a pair."""

    def traits(self, shown: Sequence[Shown]) -> Iterator[Trait]:
        left = [each.trial.left.picture for each in shown]
        right = [each.trial.right.picture for each in shown]
        facts: tuple[tuple[str, Callable[[PictureFacts], Value]], ...] = (
            (_("file: format"), lambda picture: picture.format),
            (_("file: width"), lambda picture: picture.width),
            (_("file: height"), lambda picture: picture.height),
            (_("file: colour mode"), lambda picture: picture.mode),
            (_("file: precision and sampling"), lambda picture: picture.layout.frame),
            (_("file: quantisation tables"), lambda picture: picture.layout.quantisation),
            (_("file: marker segments"), lambda picture: picture.layout.segments),
            (_("file: EXIF, comments, profiles"), lambda picture: picture.layout.metadata),
            (_("file: bytes after the end, not zero"), lambda picture: picture.padding_not_zero),
        )
        for name, fact in facts:
            yield Trait(name, Sides([fact(p) for p in left], [fact(p) for p in right]))
        # The shorter picture needs padding and the longer one none.
        longer = [min(a.padding, b.padding) for a, b in zip(left, right, strict=True)]
        yield Trait(_("file: padding of the longer picture"), Whole(longer))
