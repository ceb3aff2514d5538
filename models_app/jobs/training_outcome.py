"""What a finished pretraining leaves: its files, its key figures, its weights as a checkpoint."""

import json
import mimetypes
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from models_app.jobs.context import Context
from models_app.models import Checkpoint
from models_app.networks.preprocessing import Preprocessing
from models_app.services import checkpoints
from models_app.training.pretext.registry import TASKS

if TYPE_CHECKING:
    from models_app.training.pretraining import Outcome

WEIGHTS, BEST_JSON = "weights.safetensors", "checkpoint.json"
# So many names of unreadable photos are kept on the job; all of them stand in the log.
NAMES = 100


def outcome_store(
    outcome: "Outcome", folder: Path, context: Context, *, parent: Checkpoint | None
) -> None:
    """Store files, figures and weights; once they are there, another attempt does nothing."""
    files_store(folder, context)
    is_random = began_random(outcome.results, parent)
    # What was measured on the way is of other weights, and may have come out where this does not.
    context.result(**figures(outcome, context.job.config), random_weights=is_random, live={})
    made = _weights_store(outcome, context, parent, is_random=is_random)
    context.log(_("the best weights are checkpoint %(name)s") % {"name": made.name})


def figures(outcome: "Outcome", config: dict[str, Any]) -> dict[str, Any]:
    """Return the key figures of a job: NAME, and NAME_low and NAME_high of what is estimated.

    Of rank accuracies also NAME_ties, the share of pairs with two equal scores.
    """
    results, position = outcome.results or {}, outcome.position
    found: dict[str, Any] = {
        "photos_train": len(outcome.split.train),
        "split": results["split"],
        "photos": results["photos"],
        "initial_weights": results["initial_weights"]["origin"],
        "best_epoch": position.best_epoch,
        "epochs": position.epoch,
        "steps": position.step,
        "heads_only": position.step <= config["warmup_steps"],
        "skipped_steps": position.skipped,
        "unreadable": len(position.unreadable),
        "unreadable_names": list(position.unreadable)[:NAMES],
    }
    ranks = results.get("rank_accuracy")
    rows = [ranks["all"], *ranks["aspects"]] if ranks else []
    for row in rows:
        found |= _flat(f"rank_accuracy_{row['key']}", row["accuracy"])
        if row["accuracy"] is not None:
            found[f"rank_accuracy_{row['key']}_ties"] = row["ties"]
    classes = results.get("classification_accuracy")
    for row in classes["aspects"] if classes else []:
        # Who can name one class only is always right.
        if row["classes"] > 1:
            found |= _flat(f"classification_accuracy_{row['key']}", row["accuracy"])
    errors = results.get("regression_error")
    if errors:
        found |= _flat("regression_error", errors["all"]["error"])
    return found


def files_store(folder: Path, context: Context) -> None:
    """Store the results of a training that lie in its folder. Raises Interrupted."""
    context.stage(_("storing results"))
    results = folder / "results"
    for path in sorted(path for path in results.rglob("*") if path.is_file()):
        context.check()
        name = path.relative_to(results).as_posix()
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        context.artifact(name, path, kind)
    _events_store(folder, context)


def began_random(results: Mapping[str, Any] | None, parent: Checkpoint | None) -> bool:
    """Whether a training began with weights that nobody trained, or with what came of such."""
    origin = (results or {})["initial_weights"]
    came = parent is not None and (parent.is_random or parent.began_random)
    return bool(origin["random"]) or came


def _flat(name: str, estimate: dict[str, Any] | None) -> dict[str, Any]:
    if estimate is None:
        return {}
    ends = {"": "value", "_low": "low", "_high": "high"}
    return {f"{name}{end}": estimate[key] for end, key in ends.items()}


def _events_store(folder: Path, context: Context) -> None:
    """Store TensorBoard's event files, where somebody wanted them."""
    events = folder / "tensorboard"
    if not events.is_dir():
        return
    packed = folder.parent / "tensorboard.tar"
    with tarfile.open(packed, "w") as tar:
        tar.add(events, "tensorboard")
    context.artifact(packed.name, packed, "application/x-tar")


def _weights_store(
    outcome: "Outcome", context: Context, parent: Checkpoint | None, *, is_random: bool
) -> Checkpoint:
    config = context.job.config
    if outcome.best is None:
        raise ValueError("a finished training without its best weights")
    return weights_store(
        outcome.best / WEIGHTS,
        context,
        name=f"{config['task']} {config['backbone']} #{context.job.pk}"[:100],
        architecture=config["backbone"][:80],
        preprocessing=_preprocessing(outcome.best).to_json(),
        is_random=is_random,
        is_generated=parent is not None and parent.is_generated,
        source=_("%(task)s on %(dataset)s, job %(pk)d")
        % {
            "task": _(TASKS[config["task"]].label),
            "dataset": config["dataset"],
            "pk": context.job.pk,
        },
        purpose=Checkpoint.Purpose.PRETRAINED,
        parent=parent,
    )


def weights_store(path: Path, context: Context, **row: Any) -> Checkpoint:
    """Store the best weights; their row and the note that all is done are written together."""
    stored = checkpoints.checkpoint_store(path)
    try:
        with context.saving():
            made = checkpoints.checkpoint_record(
                file=stored, path=path, by=context.job.created_by, made_by=context.job, **row
            )
            context.save(**{**context.resume, "finished": True})
    except BaseException:
        default_storage.delete(stored)
        raise
    return made


def _preprocessing(best: Path) -> Preprocessing:
    """Return how a whole photo becomes what the network saw while it learnt."""
    from models_app.training.backbones import backbone_build
    from models_app.training.config import TrainConfig

    stated = json.loads((best / BEST_JSON).read_bytes())
    config = TrainConfig.from_json(stated["info"]["config"])
    backbone = backbone_build(config)
    return Preprocessing(resize=config.side, mode="pad_square", mean=backbone.mean, std=backbone.sd)
