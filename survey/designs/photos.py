"""Whether a dataset has the photos of a design, and no others."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from survey.designs.base import Design, DesignPhoto
from survey.designs.pictures import dataset_photos
from survey.errors import SurveyInvalid

# Photos of each list that are named; the rest is counted.
LISTED = 20


@dataclass(frozen=True, slots=True)
class Compared:
    """Photos by name: of the design and not here, here and not of the design, called otherwise."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    # (name in the design, name here)
    renamed: tuple[tuple[str, str], ...]


def photos_compare(wanted: Sequence[DesignPhoto], here: Sequence[DesignPhoto]) -> Compared:
    """Compare by pixels; by name where the design does not know a photo's pixels."""
    by_pixels = {photo.pixel_sha256: photo.name for photo in here}
    names = {photo.name for photo in here}
    found: dict[str, str] = {}
    missing = []
    for photo in wanted:
        name = photo.name if photo.name in names else None
        if photo.pixel_sha256:
            name = by_pixels.get(photo.pixel_sha256)
        if name is None or name in found:
            missing.append(photo.name)
        else:
            found[name] = photo.name
    renamed = sorted((theirs, ours) for ours, theirs in found.items() if theirs != ours)
    return Compared(tuple(sorted(missing)), tuple(sorted(names - found.keys())), tuple(renamed))


def photos_check(design: Design, dataset: str) -> list[str]:
    """Check that a survey of a dataset shows just the design's photos; returns warnings.

    A design that names no photos can be shown with any. Raises SurveyInvalid with the list.
    """
    if not design.photos:
        return []
    compared = photos_compare(design.photos, dataset_photos(dataset, design.settings))
    if compared.missing or compared.extra:
        raise SurveyInvalid(_refusal(dataset, compared))
    return _renamed_words(compared)


def _refusal(dataset: str, compared: Compared) -> str:
    said = [
        _(
            "The dataset %(dataset)s does not hold just the photos of the design, so it would be "
            "another survey."
        )
        % {"dataset": dataset}
    ]
    for names, words in (
        (compared.extra, _("Only in the dataset: %(n)d (%(names)s).")),
        (compared.missing, _("Only in the design: %(n)d (%(names)s).")),
    ):
        if names:
            said.append(words % {"n": len(names), "names": names_short(names, LISTED)})
    said.append(
        _(
            "Import the photos of the design as a dataset of their own; or leave the dataset out "
            "and choose one on the draft's page, to ask the same about other photos."
        )
    )
    return " ".join(said)


def _renamed_words(compared: Compared) -> list[str]:
    if not compared.renamed:
        return []
    n = len(compared.renamed)
    theirs, ours = compared.renamed[0]
    words = ngettext(
        "Warning: %(n)d photo of the design has the same pixels here and another name, as "
        "%(theirs)s is %(ours)s; exports say the name here, and the hash of the design differs.",
        "Warning: %(n)d photos of the design have the same pixels here and other names, as "
        "%(theirs)s is %(ours)s; exports say the names here, and the hash of the design differs.",
        n,
    )
    return [words % {"n": n, "theirs": theirs, "ours": ours}]


def names_short(names: Sequence[str], most: int) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
