"""The pretext tasks: which there are, and where the code of their terms lies; no torch.

A term is one loss on the outputs of one head. A new one is one file here and one line in `TERMS`;
a task is one line in `TASKS`: which terms, over which views of a photo.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from models_app.training.settings import gettext_noop

_ = gettext_noop

ViewsKey = Literal["variants", "rotations", "augmented"]


@dataclass(frozen=True, slots=True)
class TermEntry:
    """One loss.

    Attributes
    ----------
    key
        Names its curve.
    label
        What people read, in English.
    path
        Dotted path of its class; see `pretext.base.Term`.
    head
        Key of the term whose outputs it uses; empty: its own head.
    compares
        Whether it holds photos of a batch against each other, so that it needs two.
    """

    key: str
    label: str
    path: str
    head: str = ""
    compares: bool = False


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """One task.

    Attributes
    ----------
    key
        Stored in configurations.
    label
        What people read, in English.
    terms
        Keys of its losses.
    views
        What the network sees of each photo.
    source
        Paper and section.
    """

    key: str
    label: str
    terms: tuple[str, ...]
    views: ViewsKey = "variants"
    source: str = "Pfister et al. 2021, section 3"

    @property
    def ranks(self) -> bool:
        """Whether it gives photos a score that is ranked."""
        return "ranking" in self.terms


def _term(key: str, label: str, name: str, head: str = "", *, compares: bool = False) -> TermEntry:
    return TermEntry(key, label, f"{__package__}.{key}.{name}", head, compares)


TERMS: Mapping[str, TermEntry] = MappingProxyType(
    {
        entry.key: entry
        for entry in (
            _term("ranking", _("ranking"), "Ranking"),
            _term("classification", _("distortion classification"), "Classification"),
            _term("regression", _("intensity regression"), "Regression"),
            _term(
                "agreement", _("agreement between photos"), "Agreement", "ranking", compares=True
            ),
            _term(
                "across_photos",
                _("ranking across photos"),
                "AcrossPhotos",
                "ranking",
                compares=True,
            ),
            _term("rotnet", _("rotation classification"), "RotNet"),
            _term("simclr", _("contrast of views"), "SimCLR", compares=True),
        )
    }
)
"""By key."""

COMPARING = frozenset(key for key, entry in TERMS.items() if entry.compares)
"""Keys of the terms that need two photos of a batch."""

TASKS: Mapping[str, TaskEntry] = MappingProxyType(
    {
        entry.key: entry
        for entry in (
            TaskEntry("ranking", _("Ranking"), ("ranking",)),
            TaskEntry(
                "ranking_classification",
                _("Ranking and distortion classification"),
                ("ranking", "classification"),
            ),
            TaskEntry(
                "ranking_regression",
                _("Ranking and intensity regression"),
                ("ranking", "regression"),
            ),
            TaskEntry("classification", _("Distortion classification"), ("classification",)),
            TaskEntry("regression", _("Intensity regression"), ("regression",)),
            TaskEntry(
                "rotnet", _("RotNet"), ("rotnet",), "rotations", "Gidaris et al. 2018, section 2"
            ),
            TaskEntry("simclr", _("SimCLR"), ("simclr",), "augmented", "Chen et al. 2020"),
        )
    }
)
"""By key."""
