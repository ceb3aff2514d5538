"""The labelled images of a split as a fine-tuning takes them: by place, opened in threads."""

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from PIL import Image

from models_app.errors import JobInvalid
from models_app.imaging import PhotoRefused
from models_app.models import Label, LabelSet, LabelSplit, Photo
from models_app.rendering import photo_open
from models_app.selectors import evaluations as evaluation_selectors
from models_app.selectors import labels as selectors
from models_app.services.evaluations import BINS

# Parts that a fine-tuning looks at; nothing of the others is opened.
PARTS = ("train", "validation")


class LabelledPhotos:
    """Images at hand, not excluded, of the parts that train and validate, in the order of names.

    Nothing of it asks the database once it is built: threads of a training open the photos.
    """

    def __init__(self, split: LabelSplit) -> None:
        named = {part: list(split.members.get(part, [])) for part in PARTS}
        names = {name for found in named.values() for name in found}
        found = selectors.labels_of(split.label_set, names=names, with_photo=True)
        self._rows = [(label, photo) for label in found if (photo := label.photo) is not None]
        known = {label.name for label, _photo in self._rows}
        self.members = {part: [n for n in found if n in known] for part, found in named.items()}
        # Of the parts: images that are not at hand, or that somebody excluded.
        self.missing = len(names) - len(known)

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, index: int) -> str:
        return self._label(index).name

    def key(self, index: int) -> str:
        """Return the SHA-256 of the upright sRGB pixels."""
        return self._rows[index][1].pixel_sha256

    def split(self, index: int) -> str:
        """Return nothing: which part a photo is of, the label set's split says."""
        return ""

    def distribution(self, index: int) -> NDArray[np.float64] | None:
        found = self._label(index).distribution
        return None if found is None else np.asarray(found, dtype=np.float64)

    def open(self, index: int) -> Image.Image:
        """Return a photo, upright, sRGB, mode RGB. Raises PhotoRefused, saying why."""
        try:
            return photo_open(Photo(file=self._rows[index][1].file))
        except FileNotFoundError:
            raise PhotoRefused(_("its file is gone")) from None

    def _label(self, index: int) -> Label:
        return self._rows[index][0]


def labels_check(label_set: LabelSet) -> None:
    """Raises JobInvalid for labels that no network here can learn."""
    if label_set.bins != BINS:
        found = (
            _("distributions over %(n)d bins") % {"n": label_set.bins}
            if label_set.bins
            else _("mean scores only")
        )
        raise JobInvalid(
            _(
                "Label set %(name)s has %(found)s, and a network learns the shares of 10 scores; "
                "choose a label set with distributions over 10 bins. On this one it can be "
                "evaluated."
            )
            % {"name": label_set.name, "found": found},
            "label_set",
        )
    if not label_set.higher_is_better:
        raise JobInvalid(
            _(
                "In label set %(name)s a greater score is a worse image; choose one whose scores "
                "grow with the quality."
            )
            % {"name": label_set.name},
            "label_set",
        )


def parts_check(split: LabelSplit) -> None:
    """Raises JobInvalid for a split with too few images at hand to train or validate with."""
    known = {name for name, _photo in evaluation_selectors.labels_at_hand(split.label_set)}
    words = {"train": _("train"), "validation": _("validate")}
    for part in PARTS:
        if known.isdisjoint(split.members.get(part, [])):
            raise JobInvalid(
                _(
                    "Of split %(name)s no image is at hand that could %(part)s (it names %(n)d); "
                    "import the images of the labels, or choose another split."
                )
                % {
                    "name": split.name,
                    "part": words[part],
                    "n": len(split.members.get(part, [])),
                },
                "split",
            )
    if len(known.intersection(split.members["train"])) == 1:
        raise JobInvalid(
            _(
                "Of split %(name)s one image is at hand that could train, and a network cannot "
                "learn from one; import the images of the labels, or choose another split."
            )
            % {"name": split.name},
            "split",
        )
