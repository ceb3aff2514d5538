"""What a finished fine-tuning leaves: its files, its key figures, a network that judges."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from models_app.findings.agreement import learnt_generated
from models_app.jobs.context import Context
from models_app.jobs.training_outcome import (
    NAMES,
    WEIGHTS,
    began_random,
    files_store,
    weights_store,
)
from models_app.models import Checkpoint, LabelSplit

if TYPE_CHECKING:
    from models_app.training.finetuning.tuning import Outcome


@dataclass(frozen=True, slots=True)
class Began:
    """What a fine-tuning learns from, and the weights that it begins with."""

    split: LabelSplit
    parent: Checkpoint | None


def outcome_store(outcome: "Outcome", folder: Path, context: Context, began: Began) -> None:
    """Store files, figures and weights; once they are there, another attempt does nothing."""
    if outcome.results is None or outcome.best is None:
        raise ValueError("a finished training without its results")
    files_store(folder, context)
    # Early stopping leaves epochs out: nothing more is to come.
    learnt = outcome.results["epochs"] * outcome.results["photos"]["train"]
    context.progress(learnt, learnt)
    context.result(**figures(outcome.results), **_marks(outcome, began), live={})
    split, pk = began.split, context.job.pk
    generated = _(" (generated images)") if split.label_set.is_generated else ""
    made = weights_store(
        outcome.best / WEIGHTS,
        context,
        name=_name(context),
        architecture=outcome.results["architecture"],
        preprocessing=outcome.results["preprocessing"],
        # People's judgements trained it, whatever it began with; the job says that.
        is_random=False,
        began_random=began_random(outcome.results, began.parent),
        is_generated=split.label_set.is_generated or learnt_generated(began.parent),
        source=(
            _("fine-tuned on %(labels)s, %(split)s, job %(pk)d")
            % {"labels": f"{split.label_set.name}{generated}", "split": split.name, "pk": pk}
        )[:255],
        purpose=Checkpoint.Purpose.JUDGE,
        parent=began.parent,
    )
    context.log(_("the best weights are checkpoint %(name)s") % {"name": made.name})


def figures(results: dict[str, Any]) -> dict[str, Any]:
    """Return the key figures of a job; of the validation photos they are NAME of the best epoch."""
    unreadable = results["photos"]["unreadable"]
    measured = {f"validation_{name}": value for name, value in results["validation"].items()}
    measured["validation_loss"] = measured.pop("validation_total")
    return {
        "photos_train": results["photos"]["train"],
        "photos_available": results["photos"]["available"],
        "photos_validation": results["photos"]["validation"],
        "share": results["share"],
        # SHA-256 of the contents, labels and parts that it learnt from.
        "parts": results["parts"],
        "initial_weights": results["initial_weights"]["origin"],
        **{
            name: results[name]
            for name in ("epochs", "best_epoch", "unfrozen_after", "stopped_early", "steps",
                         "skipped_steps", "seconds", "images_per_s")
        },
        **measured,
        "constant_emd": results["constant"]["emd"],
        "unreadable": len(unreadable),
        "unreadable_names": list(unreadable)[:NAMES],
    }  # fmt: skip


def _marks(outcome: "Outcome", began: Began) -> dict[str, Any]:
    """What must be said beside every figure, and which images it was."""
    split = began.split
    return {
        "random_weights": began_random(outcome.results, began.parent),
        "generated_labels": split.label_set.is_generated or learnt_generated(began.parent),
        "label_set": split.label_set.name,
        "split": split.name,
        "split_sha256": split.sha256,
    }


def _name(context: Context) -> str:
    """Return a name that tells what it came from, and is nobody else's."""
    config, end = context.job.config, f" #{context.job.pk}"
    began = config["checkpoint"] or f"{config['backbone']} {config['weights']}"
    return f"{_('tuned')} {began}"[: 100 - len(end)] + end
