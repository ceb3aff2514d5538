"""How long and how fast a network learns, and what is kept of it."""

from dataclasses import dataclass

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
        choices={"rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW", "sgd": "SGD"},
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
    save_steps: int = setting(
        _("Save every"),
        _("So many steps, and after each epoch."),
        default=500,
        low=1,
        high=10_000_000,
        group=_KEPT,
    )
    keep: int = setting(
        _("Keep"),
        _("The newest states; an older one stands in for one that is damaged."),
        default=3,
        low=1,
        high=1000,
        group=_KEPT,
    )
    max_bad_steps: int = setting(
        _("Steps that are not finite"),
        _("So many in a row are skipped before the run stops."),
        default=10,
        low=0,
        high=100_000,
        group=_KEPT,
    )
    tensorboard: bool = setting(
        _("TensorBoard"), _("Also write its event files."), default=False, group=_KEPT
    )
    seed: int = setting(
        _("Seed"),
        _("Of weights, order, noise and dropout."),
        default=1,
        low=0,
        high=2**31 - 1,
        group=_KEPT,
    )
