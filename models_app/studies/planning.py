"""From a configuration to the graph of its jobs; the same configuration gives the same graph."""

from itertools import product
from typing import Any

from django.utils.translation import gettext as _

from models_app.errors import JobInvalid
from models_app.studies.base import (
    EVALUATE,
    FINETUNE,
    MADE_BY,
    PRETRAIN,
    REPORT,
    REPORT_KEY,
    TEST,
    ZERO_SHOT,
    Arm,
    Part,
)
from models_app.studies.config import StudyConfig
from models_app.studies.initialisations import INITIALISATIONS
from models_app.studies.registry import kind_get

MOST_PARTS = 2000


def parts_plan(config: StudyConfig) -> list[Part]:
    """Return the parts in the order in which they are launched, the report last.

    Raises JobInvalid.
    """
    kind = kind_get(config.kind)
    kind.check(config)
    arms = kind.arms(config)
    found: dict[str, Part] = {}
    for arm in arms:
        for part in _arm_parts(config, arm):
            # Seeds and shares share a pretraining.
            found.setdefault(part.key, part)
    if len(found) > MOST_PARTS:
        raise JobInvalid(
            _("This study has %(n)d parts; allowed are %(most)d: ask with fewer seeds or shares.")
            % {"n": len(found), "most": MOST_PARTS}
        )
    # Whatever pretrains first, then the rest: the longest work is not left for the end.
    order = {kind: place for place, kind in enumerate((PRETRAIN, FINETUNE, EVALUATE))}
    ordered = sorted(found.values(), key=lambda part: order[part.kind])
    return [*ordered, Part(REPORT_KEY, REPORT, {"study": config.name})]


def arms_all(config: StudyConfig) -> list[Arm]:
    """Return every combination of what the configuration lists, the baseline's first."""
    keys = sorted(config.initialisations, key=lambda key: key != config.baseline)
    return [
        Arm(initialisation, trainable, seed, share)
        for trainable, seed, share, initialisation in product(
            config.trainable, config.seeds, sorted(config.shares), keys
        )
    ]


def _arm_parts(config: StudyConfig, arm: Arm) -> list[Part]:
    finetune = f"{FINETUNE}/{arm.path}"
    weights: dict[str, Any] = {"weights": arm.initialisation, "checkpoint": ""}
    parts = []
    needs: tuple[str, ...] = ()
    if INITIALISATIONS[arm.initialisation].is_pretrained:
        pretrain = _pretrain_part(config, arm)
        parts.append(pretrain)
        needs = (pretrain.key,)
        weights = {"weights": "file", "checkpoint": {MADE_BY: pretrain.key}}
    learnt = {
        **config.finetune,
        **weights,
        "label_set": config.labels,
        "split": config.split,
        "trainable": arm.trainable,
        "seed": arm.seed,
        # All initialisations learn from the same images, and another seed from others.
        "subset_seed": arm.seed,
        "share": arm.share,
    }
    parts.append(Part(finetune, FINETUNE, learnt, needs))
    parts.append(_evaluate_part(config, arm, finetune, TEST))
    if config.zero_shot:
        parts.append(_evaluate_part(config, arm, finetune, ZERO_SHOT))
    return parts


def _pretrain_part(config: StudyConfig, arm: Arm) -> Part:
    seed = arm.seed if config.pretrain_each_seed else config.seeds[0]
    told = {
        **config.pretraining(arm.initialisation),
        "dataset": config.photos,
        "task": INITIALISATIONS[arm.initialisation].task,
        "weights": config.initial_weights,
        "checkpoint": "",
        "trainable": arm.trainable,
        "seed": seed,
    }
    return Part(f"{PRETRAIN}/{arm.initialisation}/{arm.trainable}/seed-{seed}", PRETRAIN, told)


def _evaluate_part(config: StudyConfig, arm: Arm, finetune: str, on: str) -> Part:
    images = (
        {"label_set": config.labels, "split": config.split, "part": "test"}
        if on == TEST
        else {"label_set": config.zero_shot, "split": ""}
    )
    told = {
        **config.evaluate,
        **images,
        "checkpoint": {MADE_BY: finetune},
        "resamples": config.resamples,
    }
    return Part(f"{EVALUATE}/{arm.path}/{on}", EVALUATE, told, (finetune,))
