"""What a report is made of: what each network of a study predicted, and how long it learnt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.metrics.base import Rule
from models_app.studies.base import Arm

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """Networks that differ in their seed alone: a row of a table, or a point of a curve."""

    initialisation: str
    trainable: str
    share: float

    @classmethod
    def of(cls, arm: Arm) -> "Cell":
        return cls(arm.initialisation, arm.trainable, arm.share)

    def to_json(self) -> dict[str, Any]:
        return {
            "initialisation": self.initialisation,
            "trainable": self.trainable,
            "share": self.share,
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """What people and one network said of the same images.

    Attributes
    ----------
    names
        Of the images, each once.
    truth, prediction
        Shape (images,), both on the labels' scale.
    references
        The image that each is a copy of, where every label names one: what is drawn in intervals.
    """

    names: tuple[str, ...]
    truth: Vector
    prediction: Vector
    references: tuple[str, ...] | None = None

    def ordered(self, names: Sequence[str]) -> "Judged":
        """Return the same images in another order."""
        place = {name: at for at, name in enumerate(self.names)}
        at = np.array([place[name] for name in names], dtype=np.int64)
        references = self.references
        return Judged(
            tuple(names),
            self.truth[at],
            self.prediction[at],
            None if references is None else tuple(references[each] for each in at),
        )


@dataclass(frozen=True, slots=True)
class Images:
    """The images that all networks of a column judged.

    Attributes
    ----------
    about
        What is said of them beside every number: label set, split, its hash, scale.
    threshold, rule
        Of the classes behind the accuracy, on the labels' scale.
    judged
        By arm.
    """

    about: Mapping[str, Any]
    threshold: float
    rule: Rule
    judged: Mapping[Arm, Judged]


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a report knows of a study's finished parts.

    Attributes
    ----------
    test, zero_shot
        None where nothing was evaluated there.
    epochs, best
        Until early stopping, and of the weights that were kept, by arm.
    capped
        Arms that ran out of epochs before they stopped by themselves: they needed more.
    learnt
        A digest of the images and labels that an arm learnt from, by arm, where it is known.
    missing
        Parts without a result: key, state, why.
    """

    test: Images | None
    zero_shot: Images | None
    epochs: Mapping[Arm, int] = field(default_factory=dict)
    best: Mapping[Arm, int] = field(default_factory=dict)
    capped: frozenset[Arm] = frozenset()
    learnt: Mapping[Arm, str] = field(default_factory=dict)
    missing: Sequence[Mapping[str, str]] = ()


def cells_of(arms: Iterable[Arm]) -> dict[Cell, list[Arm]]:
    """Return arms by cell, seeds rising."""
    found: dict[Cell, list[Arm]] = {}
    for arm in sorted(arms):
        found.setdefault(Cell.of(arm), []).append(arm)
    return found
