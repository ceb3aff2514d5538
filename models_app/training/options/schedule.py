"""How long and how fast a network learns, and what is kept of it."""

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
    epochs: int = setting(
        _("Epochs"),
        _("Passes over the training photos."),
        default=20,
        low=1,
        high=100_000,
        group=_GROUP,
    )
    optimiser: str = setting(
        _("Optimiser"),
        _("What turns gradients into steps."),
        default="rmsprop",
        choices={"rmsprop": "RMSprop", **OPTIMISERS},
        group=_GROUP,
    )
    learning_rate: float = setting(
        _("Learning rate"), _("At the first epoch."), default=1e-4, low=1e-9, high=10, group=_GROUP
    )
    alpha: float = setting(
        _("Decay of squares"),
        _("RMSprop's smoothing constant."),
        default=0.9,
        low=0,
        high=0.9999,
        group=_GROUP,
    )
    momentum: float = setting(
        _("Momentum"), _("Of RMSprop and SGD."), default=0.9, low=0, high=0.9999, group=_GROUP
    )
    weight_decay: float = setting(
        _("Weight decay"), _("On all weights."), default=4e-5, low=0, high=1, group=_GROUP
    )
    schedule: str = setting(
        _("Learning-rate schedule"),
        _("How the learning rate changes from epoch to epoch."),
        default="exponential",
        choices={
            "exponential": _("times the factor, every epoch"),
            "released": _("times factor^(epoch + 1), compounding (as released, factor 0.9)"),
            "cosine": _("half a cosine down to zero"),
            "constant": _("none"),
        },
        group=_GROUP,
    )
    decay: float = setting(
        _("Factor"), _("Of the schedule."), default=0.98, low=0.01, high=1, group=_GROUP
    )
    warmup_steps: int = setting(
        _("Warm-up"),
        _("First steps in which the heads learn alone."),
        default=200,
        low=0,
        high=1_000_000,
        group=_GROUP,
    )
    select_by: str = setting(
        _("Best by"),
        _("What on the validation photos decides which epoch is the best."),
        default="loss",
        choices={"loss": _("lowest sum of the losses"), "rank_accuracy": _("rank accuracy")},
        group=_KEPT,
    )
    validate_epochs: int = setting(
        _("Validate every"),
        _("So many epochs, and at the end."),
        default=1,
        low=1,
        high=100_000,
        group=_KEPT,
    )
    save_steps: int = save_steps_setting()
    keep: int = keep_setting()
    max_bad_steps: int = max_bad_steps_setting()
    tensorboard: bool = setting(
        _("TensorBoard"), _("Also write its event files."), default=False, group=_KEPT
    )
    seed: int = seed_setting(_("Of weights, order, noise and dropout."))
