"""What a kind of study is, and what its graph is made of."""

import re
from dataclasses import dataclass, field
from typing import Any, Protocol

from models_app.studies.config import StudyConfig

PRETRAIN, FINETUNE, EVALUATE, REPORT = "pretrain", "finetune", "evaluate", "study_report"
"""Kinds of jobs."""

TEST, ZERO_SHOT = "test", "zero-shot"
"""What a fine-tuned network is evaluated on."""

MADE_BY = "$made_by"
"""In a part's configuration, {"$made_by": KEY} is the checkpoint that another part made."""

REPORT_KEY = "report"

_ARM = re.compile(
    r"(?P<initialisation>[a-z_]+)/(?P<trainable>[a-z_]+)/seed-(?P<seed>\d+)/share-(?P<share>\d+)"
)


@dataclass(frozen=True, slots=True, order=True)
class Arm:
    """One network that is fine-tuned.

    Attributes
    ----------
    initialisation, trainable
        Keys: what it begins with, and which layers learn.
    seed
        Of fine-tuning.
    share
        Of the training labels, above 0 and at most 1, in whole percent.
    """

    initialisation: str
    trainable: str
    seed: int
    share: float

    @property
    def path(self) -> str:
        """Name it within keys of parts, as `arm_read` reads it."""
        percent = round(100 * self.share)
        return f"{self.initialisation}/{self.trainable}/seed-{self.seed}/share-{percent}"


def arm_read(key: str) -> Arm | None:
    """Return the arm that a part belongs to; None for pretrainings and the report."""
    found = _ARM.search(key)
    if found is None:
        return None
    return Arm(
        found["initialisation"], found["trainable"], int(found["seed"]), int(found["share"]) / 100
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One job to be: its key within the study, its kind, what it is told, what it waits for."""

    key: str
    kind: str
    config: dict[str, Any]
    needs: tuple[str, ...] = field(default=())


class StudyKind(Protocol):
    """A question. One file in models_app/studies/kinds and one line in the registry."""

    # What the report shows, in this order; keys of models_app.studies.report.
    sections: tuple[str, ...]

    def check(self, config: StudyConfig) -> None:
        """Raises JobInvalid for what this question cannot be asked with."""
        ...

    def arms(self, config: StudyConfig) -> list[Arm]:
        """Return the networks to fine-tune, the baseline's first."""
        ...
