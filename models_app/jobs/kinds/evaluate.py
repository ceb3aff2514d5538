"""Let a network judge the labelled images of a split, and measure how far it agrees with people."""

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import JobInvalid
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.jobs.evaluation_labels import (
    at_hand,
    few_refuse,
    judged_get,
    label_set_get,
    split_get,
)
from models_app.jobs.evaluation_outcome import Measuring, outcome_store
from models_app.jobs.judging import (
    batch_option,
    checkpoint_option,
    device_option,
    judge_get,
    photos_judge,
    queue_of,
)
from models_app.models import Job
from models_app.selectors import evaluations as selectors
from models_app.selectors.splits import split_choices
from models_app.services.evaluations import Scale

if TYPE_CHECKING:
    from analysis.metrics.base import Rule

PARTS = (
    ("test", gettext_lazy("test")),
    ("validation", gettext_lazy("validation")),
    ("train", gettext_lazy("training")),
)
RULES = (
    ("greater", gettext_lazy("above the threshold (Pfister et al. 2021)")),
    ("at_least", gettext_lazy("at the threshold or above it")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    checkpoint: str = checkpoint_option()
    label_set: str = option(
        gettext_lazy("Label set"),
        gettext_lazy("What people said of the images; those at hand are judged."),
        choices=selectors.label_set_choices,
    )
    split: str = option(
        gettext_lazy("Split"),
        gettext_lazy("Of the label set; none judges all images, as for a network tuned elsewhere."),
        default="",
        choices=lambda: [("", _("none: all images")), *split_choices()],
    )
    part: str = option(
        gettext_lazy("Part"),
        gettext_lazy("Of the split; it says nothing where all images are judged."),
        default="test",
        choices=lambda: PARTS,
    )
    rule: str = option(
        gettext_lazy("Good images"),
        gettext_lazy("For the accuracy: which scores make an image a good one."),
        default="greater",
        choices=lambda: RULES,
    )
    threshold: str = option(
        gettext_lazy("Threshold"),
        gettext_lazy(
            "For the accuracy, on the scale of the labels; empty: 5 on the scale from 1 to 10, "
            "else the middle of the scale."
        ),
        default="",
    )
    resamples: int = option(
        gettext_lazy("Resamples"),
        gettext_lazy("Of the bootstrap behind the intervals; publish no fewer than 1,000."),
        default=1000,
        low=100,
        high=100_000,
    )
    seed: int = option(
        gettext_lazy("Seed"), gettext_lazy("Of the bootstrap."), default=1, low=0, high=2**31 - 1
    )
    device: str = device_option()
    batch_size: int = batch_option(32, high=1024)


class Evaluate:
    config_type = Config
    preemptible = True
    queues = (Job.Queue.CPU, Job.Queue.GPU)

    def plan(self, config: Config) -> Plan:
        checkpoint, label_set = judge_get(config.checkpoint), label_set_get(config.label_set)
        split = split_get(label_set, config.split)
        threshold_read(config, Scale.of(label_set))
        keys = at_hand(label_set, split, config.part)
        few_refuse(len(keys))
        where = _("all images") if split is None else f"{split.name}, {part_words(config.part)}"
        return Plan(
            label=_("Evaluation of %(checkpoint)s on %(label_set)s (%(where)s)")
            % {"checkpoint": checkpoint.name, "label_set": label_set.name, "where": where},
            queue=queue_of(config),
            total=len(set(keys)),
            seed=config.seed,
            dataset=label_set.dataset,
            checkpoint=checkpoint,
        )

    def run(self, config: Config, context: Context) -> None:
        checkpoint, label_set = judge_get(config.checkpoint), label_set_get(config.label_set)
        split = split_get(label_set, config.split)
        judged = judged_get(label_set, split, config.part)
        walk = photos_judge(config, checkpoint, judged.photos, context)
        measuring = Measuring(
            checkpoint=checkpoint,
            label_set=label_set,
            split=split,
            part=config.part,
            rule=cast("Rule", config.rule),
            threshold=threshold_read(config, Scale.of(label_set)),
            resamples=config.resamples,
            seed=config.seed,
        )
        outcome_store(measuring, judged, walk, context)


def threshold_read(config: Config, scale: Scale) -> float:
    """Return the threshold on the labels' scale. Raises JobInvalid."""
    if not config.threshold.strip():
        return scale.threshold
    try:
        value = float(config.threshold)
    except ValueError:
        value = float("nan")
    if not (isfinite(value) and scale.low <= value <= scale.high):
        raise JobInvalid(
            _(
                "threshold is %(value)r; allowed are numbers from %(low)g to %(high)g, the scale "
                "of the labels, or nothing."
            )
            % {"value": config.threshold[:40], "low": scale.low, "high": scale.high},
            "threshold",
        )
    return value


def part_words(part: str) -> str:
    """Return a part's name for people."""
    return str(dict(PARTS).get(part, part))
