"""How a network is fine-tuned, and when that ends; the same for every initialisation."""

from dataclasses import dataclass

from models_app.training.options.common import (
    OPTIMISERS,
    keep_setting,
    max_bad_steps_setting,
    save_steps_setting,
    seed_setting,
)
from models_app.training.settings import gettext_noop, setting

_ = gettext_noop
_GROUP = _("Schedule")
_KEPT = _("What is kept")


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions:
    max_epochs: int = setting(
        _("Epochs at most"),
        _("Passes over the training photos; it stops earlier where nothing improves."),
        default=200,
        low=1,
        high=100_000,
        group=_GROUP,
    )
    batch: int = setting(
        _("Batch"),
        _("Photos a step, over all processes."),
        default=450,
        low=1,
        high=65_536,
        group=_GROUP,
    )
    optimiser: str = setting(
        _("Optimiser"),
        _("What turns gradients into steps."),
        default="adam",
        choices=OPTIMISERS,
        group=_GROUP,
    )
    learning_rate: float = setting(
        _("Learning rate"),
        _("Of the pretrained layers, at first."),
        default=1e-4,
        low=1e-9,
        high=10,
        group=_GROUP,
    )
    head_learning_rate: float = setting(
        _("Learning rate of the new layer"),
        _("At first."),
        default=1e-3,
        low=1e-9,
        high=10,
        group=_GROUP,
    )
    weight_decay: float = setting(
        _("Weight decay"), _("On all weights."), default=4e-5, low=0, high=1, group=_GROUP
    )
    momentum: float = setting(
        _("Momentum"), _("Of SGD."), default=0.9, low=0, high=0.9999, group=_GROUP
    )
    emd_root: str = setting(
        _("Root of the loss"),
        _("The earth mover's distance takes a root of squares: of each photo, or of the batch."),
        default="sample",
        choices={
            "sample": _("of each photo, then the mean"),
            "batch": _("of the mean over the batch (as released)"),
        },
        group=_GROUP,
    )
    freeze: str = setting(
        _("Freeze"),
        _("How long all layers but the new one are frozen."),
        default="plateau",
        choices={"plateau": _("until the first plateau"), "none": _("not at all")},
        group=_GROUP,
    )
    freeze_patience: int = setting(
        _("First plateau"),
        _("Epochs without a better validation loss after which frozen layers are set free."),
        default=5,
        low=1,
        high=10_000,
        group=_GROUP,
    )
    freeze_epochs: int = setting(
        _("Frozen epochs at most"),
        _("After so many, layers are set free without a plateau; 0: no limit."),
        default=0,
        low=0,
        high=100_000,
        group=_GROUP,
    )
    halve_patience: int = setting(
        _("Later plateaus"),
        _("Epochs without a better validation loss after which learning rates are lowered."),
        default=5,
        low=1,
        high=10_000,
        group=_GROUP,
    )
    halve_factor: float = setting(
        _("Factor at a plateau"),
        _("By which learning rates are lowered."),
        default=0.5,
        low=0.001,
        high=1,
        group=_GROUP,
    )
    stop_patience: int = setting(
        _("Early stopping"),
        _("Epochs without a better validation loss after which it ends; the best one is kept."),
        default=10,
        low=1,
        high=100_000,
        group=_GROUP,
    )
    min_delta: float = setting(
        _("Least improvement"),
        _("A validation loss that is not lower by more is no better one."),
        default=0.0,
        low=0,
        high=1,
        group=_GROUP,
    )
    validation_mode: str = setting(
        _("Validation"),
        _("The released program forgets to switch dropout off when it validates."),
        default="eval",
        choices={
            "eval": _("evaluation mode"),
            "train": _("training mode (as released)"),
        },
        group=_GROUP,
    )
    save_steps: int = save_steps_setting()
    keep: int = keep_setting()
    max_bad_steps: int = max_bad_steps_setting()
    seed: int = seed_setting(_("Of weights, order, mirroring and dropout."))
