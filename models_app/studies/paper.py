"""What Pfister, Kobs and Hotho (2021) print in Table 2, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from models_app.training.settings import gettext_noop

BASELINE = "imagenet"
"""The row that daggers and percentages compare with."""

SOURCE = "Pfister, Kobs, Hotho (2021), Table 2"
ON = gettext_noop("on AVA (the authors' split) and TID2013")
"""The images of the printed values, whatever ours are of."""

METRICS = ("lcc", "srcc", "accuracy", "mae")
"""Of the labels that were learnt from; zero-shot has no accuracy."""


@dataclass(frozen=True, slots=True)
class Printed:
    """One row.

    Attributes
    ----------
    labels, zero_shot
        Metric to value: on AVA's test images, and on all of TID2013.
    daggers
        Whether the error is marked as significantly lower than the baseline's, likewise.
    epochs
        Until early stopping.
    """

    labels: Mapping[str, float]
    zero_shot: Mapping[str, float]
    daggers: tuple[bool, bool]
    epochs: int


def _row(
    labels: tuple[float, float, float, float],
    zero_shot: tuple[float, float, float],
    epochs: int,
    daggers: tuple[bool, bool] = (False, False),
) -> Printed:
    short = (name for name in METRICS if name != "accuracy")
    return Printed(
        MappingProxyType(dict(zip(METRICS, labels, strict=True))),
        MappingProxyType(dict(zip(short, zero_shot, strict=True))),
        daggers,
        epochs,
    )


TABLE2: Mapping[str, Printed] = MappingProxyType(
    {
        "imagenet": _row((0.5491, 0.5372, 0.7548, 0.4716), (0.4760, 0.3897, 0.9747), 147),
        "rotnet": _row((0.3272, 0.3139, 0.7112, 0.5376), (0.1282, 0.1075, 1.1334), 79),
        "simclr": _row((0.5483, 0.5360, 0.7540, 0.4718), (0.4824, 0.3944, 0.9688), 65),
        "ranking": _row(
            (0.5536, 0.5414, 0.7560, 0.4698), (0.4842, 0.3946, 0.9679), 96, (True, True)
        ),
        "ranking_classification": _row(
            (0.5535, 0.5409, 0.7550, 0.4702), (0.5009, 0.4111, 0.9620), 89, (False, True)
        ),
        "ranking_regression": _row(
            (0.5541, 0.5420, 0.7582, 0.4697), (0.4855, 0.3971, 0.9672), 77, (True, True)
        ),
    }
)
"""By initialisation."""


def fewer_epochs(epochs: float, baseline: float) -> float:
    """Return the share of the baseline's epochs that is saved; below 0 where more are needed."""
    return 1 - epochs / baseline
