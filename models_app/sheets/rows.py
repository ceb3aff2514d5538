"""What a contact sheet shows, in words: aspects, rows and tiles. No pictures, no torch."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import get_args

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from models_app.distortions.catalogue import Aspect, Entry, Variant
from models_app.distortions.parity import parity_read
from models_app.distortions.registry import PRESET, PRESETS, preset_get

ASPECTS = {
    "technical": gettext_lazy("Technical"),
    "style": gettext_lazy("Style"),
    "composition": gettext_lazy("Composition"),
}
REFERENCES = {
    "original": gettext_lazy("original"),
    # Both are cut like the levels that are ranked against them.
    "rotate_original": gettext_lazy("not turned"),
    "crop_original": gettext_lazy("centred"),
}
AGAINST = {
    "original renders": gettext_lazy("%(n)d original renders"),
    "original renders, their angle found": gettext_lazy(
        "%(n)d original renders, whose angle was searched for"
    ),
    "formula": gettext_lazy("%(n)d pictures computed by the formula"),
}
# Noise is drawn anew in every render: its figure is how far mean and spread are apart.
DISTRIBUTION = "distribution of the original renders"


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture of a row."""

    variant: Variant
    label: str
    is_reference: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One distortion: its levels ascending, its reference where its default level lies."""

    key: str
    label: str
    source: str
    file: str
    parity: str
    note: str
    tiles: tuple[Tile, ...]
    # Columns left empty in front, so that the references of a group stand below each other.
    indent: int

    @property
    def columns(self) -> int:
        return self.indent + len(self.tiles)

    @property
    def description(self) -> str:
        """What the strip shows, for who cannot see it."""
        labels = ", ".join(tile.label for tile in self.tiles)
        return _("%(label)s, from left to right: %(levels)s") % {
            "label": self.label,
            "levels": labels,
        }


@dataclass(frozen=True, slots=True)
class Group:
    """The distortions of one aspect."""

    aspect: Aspect
    label: str
    rows: tuple[Row, ...]

    @property
    def columns(self) -> int:
        return max(row.columns for row in self.rows)

    @property
    def counted(self) -> str:
        """How many distortions and pictures, in words."""
        pictures = sum(not tile.is_reference for row in self.rows for tile in row.tiles)
        distortions = ngettext("%(n)d distortion", "%(n)d distortions", len(self.rows))
        return _("%(distortions)s, %(pictures)s") % {
            "distortions": distortions % {"n": len(self.rows)},
            "pictures": ngettext("%(n)d level", "%(n)d levels", pictures) % {"n": pictures},
        }


def groups_make(preset: str, *, without: Collection[str] = ()) -> list[Group]:
    """Return a preset's distortions by aspect, those of some keys left out."""
    entries = [e for e in preset_get(preset).distortions.values() if e.key not in without]
    groups = []
    for aspect in get_args(Aspect):
        mine = [entry for entry in entries if entry.aspect == aspect]
        most = max((_below(entry) for entry in mine), default=0)
        if mine:
            rows = tuple(_row(entry, most - _below(entry)) for entry in mine)
            groups.append(Group(aspect, str(ASPECTS.get(aspect, aspect)), rows))
    return groups


def formula_file(entry: Entry) -> str:
    """Where the code of a distortion lies, as a path in the repository."""
    return entry.path.rpartition(".")[0].replace(".", "/") + ".py"


def parity_text(entry: Entry) -> str:
    """How close a distortion comes to its original, or that nobody measured it.

    The figures belong to the default preset; they hold for an entry that renders the same.
    """
    measured = PRESETS[PRESET].distortions.get(entry.key)
    parity = parity_read().get(entry.key)
    same = measured is not None and (
        (measured.path, measured.levels, measured.options)
        == (entry.path, entry.levels, entry.options)
    )
    if parity is None or not same:
        return _("parity not measured")
    # The file has four digits.
    mean = f"{parity.mean:.2g}" if parity.mean else _("below 0.0001")
    if parity.against == DISTRIBUTION:
        return _(
            "parity: mean and spread of the noise within %(mean)s, against %(n)d original renders"
        ) % {"mean": mean, "n": parity.pictures}
    against = AGAINST.get(parity.against, "%(n)d " + parity.against)
    return _("parity: mean error %(mean)s, largest %(largest)s, against %(pictures)s") % {
        "mean": mean,
        "largest": parity.largest,
        "pictures": against % {"n": parity.pictures},
    }


def _below(entry: Entry) -> int:
    return sum(level.step < 0 for level in entry.levels)


def _row(entry: Entry, indent: int) -> Row:
    levels = [Tile((entry.key, level.key), level.key, False) for level in entry.levels]
    label = str(REFERENCES.get(entry.reference, _("reference")))
    levels.insert(_below(entry), Tile((entry.reference, ""), label, True))
    return Row(
        key=entry.key,
        label=_(entry.label),
        source=entry.source,
        file=formula_file(entry),
        parity=parity_text(entry),
        note=_(entry.note) if entry.note else "",
        tiles=tuple(levels),
        indent=indent,
    )
