"""Which labelled images a job takes, and which it cannot take."""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from models_app.errors import JobInvalid
from models_app.models import Label, LabelSet, LabelSplit
from models_app.selectors import evaluations as selectors
from models_app.selectors import labels as label_selectors
from models_app.selectors import splits as split_selectors

# Correlations of fewer say nothing.
LEAST = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """The labels of a part whose images are at hand, in the order of their names."""

    labels: list[Label]
    # Keys of their photos, each once.
    photos: list[int]
    # Of the part: images that are not at hand, or that somebody excluded.
    missing: int


def label_set_get(name: str) -> LabelSet:
    """Raises JobInvalid."""
    found = label_selectors.label_set_named(name)
    if found is None:
        raise JobInvalid(
            _("There is no label set %(name)s; import its labels first.") % {"name": name},
            "label_set",
        )
    return found


def split_get(label_set: LabelSet, name: str) -> LabelSplit | None:
    """Return a split; None for the empty name. Raises JobInvalid."""
    if not name:
        return None
    found = split_selectors.split_get(label_set, name)
    if found is None:
        raise JobInvalid(
            _("Label set %(set)s has no split %(name)s; it has: %(names)s.")
            % {
                "set": label_set.name,
                "name": name,
                "names": ", ".join(selectors.split_names(label_set)) or _("none"),
            },
            "split",
        )
    return found


def judged_get(label_set: LabelSet, split: LabelSplit | None, part: str) -> Judged:
    """Find the labels of a part, or of the whole set without a split; a query or two."""
    names = None if split is None else split.members.get(part, [])
    labels = list(label_selectors.labels_of(label_set, names=names, with_photo=True))
    wanted = label_set.labels.count() if names is None else len(names)
    photos = sorted({label.photo_id for label in labels if label.photo_id is not None})
    return Judged(labels, photos, wanted - len(labels))


def at_hand(label_set: LabelSet, split: LabelSplit | None, part: str) -> list[int]:
    """Return the photos of a part's labels, or of the whole set without a split; one query."""
    names = None if split is None else frozenset(split.members.get(part, []))
    known = selectors.labels_at_hand(label_set)
    return [photo for name, photo in known if names is None or name in names]


def few_refuse(n: int) -> None:
    """Raises JobInvalid where too few images are at hand to measure anything."""
    if n < LEAST:
        raise JobInvalid(
            ngettext(
                "%(n)d labelled image is at hand there; an evaluation needs %(least)d: import the "
                "images of the labels.",
                "%(n)d labelled images are at hand there; an evaluation needs %(least)d: import "
                "the images of the labels.",
                n,
            )
            % {"n": n, "least": LEAST},
            "label_set",
        )


def same_pictures(labels: list[Label]) -> int:
    """How many labels share their picture with an earlier one."""
    return sum(n - 1 for n in Counter(label.photo_id for label in labels).values())
