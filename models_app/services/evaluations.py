"""Evaluations: their rows, and their predictions as files and as arrays."""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from models_app.errors import JobConflict
from models_app.models import Checkpoint, Evaluation, Job, JobArtifact, LabelSet, LabelSplit
from survey.exports import FORMULA_STARTS, cell

PREDICTIONS = "predictions.csv"
# The last column of files: what their numbers are not.
REMARK = "remark"
# The scores that every network here gives.
LOW, HIGH = 1.0, 10.0
BINS = 10
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """The scores of a label set; `bins` 0 where it has only means."""

    low: float
    high: float
    bins: int
    first_bin: int
    higher_is_better: bool

    @classmethod
    def of(cls, label_set: LabelSet) -> "Scale":
        return cls(
            label_set.scale_low,
            label_set.scale_high,
            label_set.bins,
            label_set.first_bin,
            label_set.higher_is_better,
        )

    @property
    def is_ours(self) -> bool:
        """Whether its scores are those that networks give, so that errors need no map."""
        return (self.low, self.high) == (LOW, HIGH) and self.higher_is_better

    def mapped(self, scores: Floats) -> Floats:
        """Put scores from 1 to 10 on this scale: ends on ends, the best on the best."""
        share = (scores - LOW) / (HIGH - LOW)
        low, high = (self.low, self.high) if self.higher_is_better else (self.high, self.low)
        return scores if self.is_ours else low + share * (high - low)

    @property
    def threshold(self) -> float:
        """Above which an image counts as good: 5 of 1 to 10, as papers on AVA have it; else
        the middle.
        """
        return 5.0 if self.is_ours else (self.low + self.high) / 2


@dataclass(frozen=True)
class Predictions:
    """What people and a network said of the same images, in the order of the images' names."""

    names: tuple[str, ...]
    # On the label set's scale.
    truth: Floats
    # Mean scores, 1 to 10, as the network gives them.
    prediction: Floats
    scale: Scale
    # Shape (images, 10), of the scores 1 to 10.
    distribution: Floats
    # Shape (images, bins) where every label has one.
    truth_distribution: Floats | None = None
    # The image that each is a copy of, where every label names one.
    references: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def mapped(self) -> Floats:
        """The predictions on the labels' scale."""
        return self.scale.mapped(self.prediction)

    @property
    def errors(self) -> Floats:
        """Absolute errors on the labels' scale."""
        return np.abs(self.mapped - self.truth)

    def chosen(self, places: Sequence[int]) -> "Predictions":
        """Return some of the images, in the order of the places."""
        at = np.asarray(places, dtype=np.int64)
        shares = self.truth_distribution
        references = self.references
        return Predictions(
            names=tuple(self.names[place] for place in places),
            truth=self.truth[at],
            prediction=self.prediction[at],
            scale=self.scale,
            distribution=self.distribution[at],
            truth_distribution=None if shares is None else shares[at],
            references=None if references is None else tuple(references[place] for place in places),
        )


def predictions_csv(predictions: Predictions, *, remark: str = "") -> Iterator[str]:
    """Yield lines: a row an image, with both distributions where the labels have one.

    `mapped` is the prediction on the scale of the labels; `remark`, which ends every line, says
    what the numbers are not. Numbers are written so that they are read back to the last bit.
    """
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    theirs = predictions.truth_distribution
    first = predictions.scale.first_bin
    bins = [] if theirs is None else [f"t{first + i}" for i in range(theirs.shape[1])]
    ours = [f"p{score}" for score in range(1, BINS + 1)]
    yield writer.writerow(
        ["name", "reference", "truth", "prediction", "mapped", *bins, *ours, REMARK]
    )
    references = predictions.references or ("",) * len(predictions)
    for place, name in enumerate(predictions.names):
        truth, prediction = predictions.truth[place], predictions.prediction[place]
        shares = [] if theirs is None else theirs[place].tolist()
        numbers = [truth, prediction, predictions.mapped[place], *shares]
        numbers += predictions.distribution[place].tolist()
        texts = [cell(name, "text"), cell(references[place], "text")]
        yield writer.writerow([*texts, *(repr(float(number)) for number in numbers), remark])


def predictions_of(evaluation: Evaluation, *, shares: bool = True) -> Predictions:
    """Read an evaluation's predictions from its file.

    `shares` False leaves distributions out, which are most of the file: shape (images, 0).
    Raises JobConflict where the file is gone or damaged: what is shown must be what was scored.
    """
    artifact = JobArtifact.objects.filter(job=evaluation.job_id, name=PREDICTIONS).first()
    content = b""
    if artifact is not None:
        try:
            with default_storage.open(artifact.file, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            artifact = None
    if artifact is None or hashlib.sha256(content).hexdigest() != artifact.sha256:
        raise JobConflict(
            _(
                "The predictions of evaluation %(pk)d are gone or damaged in the storage; evaluate "
                "the checkpoint again."
            )
            % {"pk": evaluation.pk}
        )
    return _read(content.decode(), Scale.of(evaluation.label_set), shares=shares)


def _read(text: str, scale: Scale, *, shares: bool) -> Predictions:
    rows = csv.reader(io.StringIO(text, newline=""))
    header = next(rows)
    table = list(rows)
    # Files of earlier versions have no remark.
    end = header.index(REMARK) if REMARK in header else len(header)
    last = end if shares else header.index("mapped") + 1
    numbers = np.array([row[2:last] for row in table], dtype=np.float64)
    numbers = numbers.reshape(len(table), last - 2)
    bins = sum(name.startswith("t") and name[1:].lstrip("-").isdigit() for name in header[:last])
    references = tuple(_plain(row[1]) for row in table)
    return Predictions(
        names=tuple(_plain(row[0]) for row in table),
        truth=numbers[:, 0],
        prediction=numbers[:, 1],
        scale=scale,
        distribution=numbers[:, 3 + bins :],
        truth_distribution=numbers[:, 3 : 3 + bins] if bins else None,
        references=references if references and all(references) else None,
    )


def _plain(text: str) -> str:
    """Undo what `cell` does to names that a spreadsheet would take for a formula."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA_STARTS) else text


def evaluation_record(
    job: Job,
    *,
    checkpoint: Checkpoint,
    label_set: LabelSet,
    split: LabelSplit | None,
    part: str,
    metrics: dict[str, Any],
    n: int,
) -> Evaluation:
    """Write a job's evaluation; another attempt of the job replaces it."""
    made, _new = Evaluation.objects.update_or_create(
        job=job,
        defaults={
            "checkpoint": checkpoint,
            "label_set": label_set,
            "split": split,
            "part": part if split else "",
            "split_sha256": split.sha256 if split else "",
            "metrics": metrics,
            "n": n,
        },
    )
    return made


class _Echo:
    def write(self, text: str, /) -> str:
        return text
