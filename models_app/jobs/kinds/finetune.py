"""Teach a network to judge photos as people did (NIMA)."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from models_app.errors import JobInvalid
from models_app.jobs import finetune_options
from models_app.jobs.base import Plan
from models_app.jobs.context import Context
from models_app.jobs.evaluation_labels import label_set_get, split_get
from models_app.jobs.finetune_decoded import folder_for
from models_app.jobs.finetune_labelled import LabelledPhotos, labels_check, parts_check
from models_app.jobs.finetune_options import finetune_config
from models_app.jobs.finetune_outcome import Began, outcome_store
from models_app.jobs.training_fields import checkpoint_get
from models_app.jobs.training_reports import FINETUNING, JobReports
from models_app.jobs.training_run import Place, training_run
from models_app.models import Job, LabelSplit

if TYPE_CHECKING:
    from models_app.training.finetuning.tuning import Outcome


class Finetune:
    config_type = finetune_options.Config
    queues = (Job.Queue.CPU, Job.Queue.GPU)
    # As a pretraining: it stops between two steps and loses none.
    preemptible = True

    def plan(self, config: Any) -> Plan:
        label_set, checkpoint = label_set_get(config.label_set), checkpoint_get(config)
        labels_check(label_set)
        split = _split_get(config)
        parts_check(split)
        finetune_config(config, weights_file=config.checkpoint)
        return Plan(
            label=_("Fine-tuning of %(what)s on %(label_set)s, %(split)s")
            % {
                "what": checkpoint.name if checkpoint else f"{config.backbone} ({config.weights})",
                "label_set": label_set.name,
                "split": split.name,
            },
            queue=Job.Queue.GPU if config.device == "cuda" else Job.Queue.CPU,
            seed=config.seed,
            dataset=label_set.dataset,
            checkpoint=checkpoint,
        )

    def run(self, config: Any, context: Context) -> None:
        split = _split_get(config)
        began = Began(split, checkpoint_get(config))

        def train(place: Place) -> "Outcome":
            return _train(config, context, split, place)

        training_run(
            config,
            context,
            train,
            lambda outcome, folder: outcome_store(outcome, folder, context, began),
        )


def _train(config: Any, context: Context, split: LabelSplit, place: Place) -> "Outcome":
    from models_app.training.finetuning.tuning import finetune

    labelled = LabelledPhotos(split)
    context.result(missing=labelled.missing)
    decoded = folder_for(len(labelled), config.side)
    return finetune(
        finetune_config(config, weights_file=place.weights, cache_folder=decoded),
        labelled,
        labelled.members,
        place.folder,
        resume=place.resume,
        reports=JobReports(context, FINETUNING),
        should_stop=place.should_stop,
        saved=place.saved,
    )


def _split_get(config: Any) -> LabelSplit:
    split = split_get(label_set_get(config.label_set), config.split)
    if split is None:
        raise JobInvalid(_("split is missing: say which images train."), "split")
    return split
