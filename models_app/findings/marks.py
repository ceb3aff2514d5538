"""What must be said beside numbers that nobody may take for a finding: on pages and in files.

Tables carry it in their last column, `remark`, as those of studies do, JSON as a list, `marks`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from models_app.findings.agreement import is_generated, learnt_generated, seen_of
from models_app.jobs.words import count
from models_app.models import Checkpoint, Evaluation, Job, LabelSet
from models_app.selectors.labels import Drawn
from models_app.services.evaluations import REMARK

__all__ = ["REMARK", "Marks", "checkpoint_marks", "evaluation_marks", "job_marks", "labels_remark"]

# Kinds whose random weights are what a training began with, not what judged.
TRAININGS = ("pretrain", "finetune")


@dataclass(frozen=True, slots=True)
class Marks:
    """What is wrong with numbers, if anything."""

    # What judged was never trained.
    is_random: bool = False
    # Images that a program drew have a part in it.
    is_generated: bool = False
    # It was trained, but began with weights that were not.
    began_random: bool = False
    # Judged images, of which one is too many for a test, that the network was tuned with.
    seen: int = 0

    @property
    def said(self) -> list[str]:
        """The sentences, in the language of whoever looks."""
        found = []
        if self.seen:
            found.append(
                ngettext(
                    "%(said)s of these images was in what trained or validated this network: its "
                    "scores are no test.",
                    "%(said)s of these images were in what trained or validated this network: its "
                    "scores are no test.",
                    self.seen,
                )
                % {"said": count(self.seen)}
            )
        if self.is_random:
            found.append(_("Random weights: scores mean nothing."))
        if self.is_generated:
            found.append(_("Generated images: a check of the plumbing, no scientific claim."))
        if self.began_random:
            found.append(_("Random initial weights."))
        return found

    @property
    def remark(self) -> str:
        return " ".join(self.said)

    @classmethod
    def together(cls, several: Iterable["Marks"]) -> "Marks":
        """Return what is wrong with any of them; of which images, each says itself."""
        found = list(several)
        return cls(
            is_random=any(each.is_random for each in found),
            is_generated=any(each.is_generated for each in found),
            began_random=any(each.began_random for each in found),
        )


def evaluation_marks(evaluation: Evaluation) -> Marks:
    """Costs no query for one of the selectors'."""
    noted = evaluation.job.result
    checkpoint = evaluation.checkpoint
    # The job that tuned the network may be deleted; the evaluation remembers what it was.
    return Marks(
        is_random=checkpoint.is_random,
        is_generated=bool(noted.get("generated_labels"))
        or is_generated(checkpoint, evaluation.label_set),
        began_random=bool(noted.get("began_random")) or checkpoint.began_random,
        seen=seen_of(evaluation.metrics),
    )


def checkpoint_marks(checkpoint: Checkpoint | None) -> Marks:
    """Return what is wrong with every score that these weights give."""
    if checkpoint is None:
        return Marks()
    judges = checkpoint.purpose == Checkpoint.Purpose.JUDGE
    return Marks(
        is_random=checkpoint.is_random and judges,
        is_generated=learnt_generated(checkpoint),
        began_random=checkpoint.began_random or (checkpoint.is_random and not judges),
    )


def labels_remark(label_set: LabelSet) -> str:
    return Marks(is_generated=label_set.is_generated).remark


def job_marks(job: Job, drawn: Drawn) -> Marks:
    """Return what is known of a job, also before it ran; costs no query if its weights are there.

    `drawn` are the label sets of images that a program drew.
    """
    config: Mapping[str, Any] = job.config
    result: Mapping[str, Any] = job.result
    ours = checkpoint_marks(job.checkpoint)
    trains = job.kind in TRAININGS
    noted = bool(result.get("random_weights"))
    begins_random = noted or config.get("weights") == "random" or ours.is_random
    return Marks(
        is_random=(noted or ours.is_random) and not trains,
        is_generated=bool(result.get("generated_labels"))
        or bool(config.get("generated"))
        or ours.is_generated
        or config.get("label_set") in drawn.names
        or job.dataset_id in drawn.datasets,
        began_random=bool(result.get("began_random"))
        or ours.began_random
        or (trains and begins_random),
        seen=seen_of(result),
    )
