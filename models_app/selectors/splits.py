"""Reads of splits and of what they divide."""

from collections.abc import Collection

from django.db.models import Count
from django.utils.translation import gettext as _

from models_app.models import Label, LabelSet, LabelSplit, Photo
from models_app.splits.base import Item

CHUNK = 5000


def split_get(label_set: LabelSet, name: str) -> LabelSplit | None:
    """A split of a set by its name, with its members; one query."""
    return LabelSplit.objects.filter(label_set=label_set, name=name).first()


def split_shown(pk: int) -> LabelSplit | None:
    """A split with its set, without its members, which may be many; one query."""
    splits = LabelSplit.objects.select_related("label_set").defer("members", "label_set__report")
    return splits.filter(pk=pk).first()


def splits_shown(label_set: LabelSet) -> list[LabelSplit]:
    """Splits of a set without members, the newest first, with `scores`; one query."""
    splits = LabelSplit.objects.filter(label_set=label_set).defer("members")
    return list(splits.annotate(scores=Count("evaluations")).order_by("-pk"))


def split_choices() -> list[tuple[str, str]]:
    """Names of splits, each with the sets that have it; one query."""
    sets: dict[str, list[str]] = {}
    rows = LabelSplit.objects.order_by("name", "label_set__name")
    for name, label_set in rows.values_list("name", "label_set__name"):
        sets.setdefault(name, []).append(label_set)
    return [
        (name, _("%(name)s (of %(sets)s)") % {"name": name, "sets": ", ".join(found)})
        for name, found in sets.items()
    ]


def members(split: LabelSplit, part: str = "") -> list[str]:
    """Names of a part's images, or of all parts', sorted; a query where they are not loaded."""
    if part:
        return list(split.members[part])
    return sorted(name for names in split.members.values() for name in names)


def photos_named(label_set: LabelSet, names: Collection[str]) -> dict[str, Photo]:
    """Photos of some labels by the labels' names; one query."""
    found = Label.objects.filter(label_set=label_set, name__in=names, photo__isnull=False)
    return {label.name: label.photo for label in found.select_related("photo") if label.photo}


def items(label_set: LabelSet) -> tuple[list[Item], set[str], set[str]]:
    """Images of a set as splits see them, by name; those without a photo, and those excluded.

    One query, in chunks.
    """
    rows = Label.objects.filter(label_set=label_set).order_by("name")
    found, unseen, excluded = [], set(), set()
    columns = (
        "name", "reference", "part", "perceptual_hash",
        "photo__pixel_sha256", "photo__excluded_at",
    )  # fmt: skip
    for name, reference, part, looks, key, excluded_at in rows.values_list(*columns).iterator(
        chunk_size=CHUNK
    ):
        found.append(Item(name, reference, part, key or "", int(looks or "0", 16)))
        if key is None:
            unseen.add(name)
        if excluded_at is not None:
            excluded.add(name)
    return found, unseen, excluded
