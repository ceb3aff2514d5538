"""What is learnt without labels."""

from dataclasses import dataclass

from models_app.distortions.registry import PRESET, PRESETS
from models_app.training.pretext.registry import TASKS
from models_app.training.settings import gettext_noop, setting

_ = gettext_noop
_GROUP = _("Pretext task")

CHOICES = {key: preset.label for key, preset in PRESETS.items()}

BALANCES = {
    "exp": _("exp(L / T), summed (the paper's)"),
    "sum": _("the plain sum"),
    "logsumexp": _("T log sum exp(L / T)"),
    "uncertainty": _("learnt weights (Kendall et al. 2018)"),
}


@dataclass(frozen=True, kw_only=True)
class PretextOptions:
    task: str = setting(
        _("Task"),
        _("What the network learns from photos alone."),
        default="ranking",
        choices={key: entry.label for key, entry in TASKS.items()},
        group=_GROUP,
    )
    preset: str = setting(
        _("Preset"),
        _("Where the levels of the distortions come from."),
        default=PRESET,
        choices=CHOICES,
        group=_GROUP,
    )
    distortions: str = setting(
        _("Distortions"),
        _("Keys, aspects or all, separated by commas, such as style or contrast,tint."),
        default="all",
        group=_GROUP,
    )
    margin: float = setting(
        _("Margin"),
        _("By how much a less distorted photo should score above a more distorted one."),
        default=0.2,
        low=0,
        high=1,
        group=_GROUP,
    )
    score_head: str = setting(
        _("Scores"),
        _("One score for all distortions, or one an aspect; tasks that do not rank have none."),
        default="one",
        choices={"one": _("one"), "three": _("one an aspect")},
        group=_GROUP,
    )
    head_dropout: float = setting(
        _("Dropout"),
        _("Share of features that the heads of the distortion tasks do without, at random."),
        default=0.2,
        low=0,
        high=0.95,
        group=_GROUP,
    )
    regression_target: str = setting(
        _("Regression target"),
        _("What stands for the intensity of a level, from -1 to 1."),
        default="step",
        choices={
            "step": _("its place in the chain, k of n (as released)"),
            "value": _("its value as a share of the largest (as printed)"),
        },
        group=_GROUP,
    )
    regress_references: bool = setting(
        _("Regress references"),
        _("Undistorted photos regress to 0, once a distortion (as released)."),
        default=True,
        group=_GROUP,
    )
    balance: str = setting(
        _("Balance"),
        _("How the losses of several tasks become one."),
        default="exp",
        choices=BALANCES,
        group=_GROUP,
    )
    temperature: float = setting(
        _("Temperature"),
        _("T of exp and logsumexp: losses that differ by so much differ by a factor e."),
        default=50.0,
        low=0.1,
        high=10_000,
        group=_GROUP,
    )
    rescale_temperature: bool = setting(
        _("Rescale the temperature"),
        _("By pairs / 500 where distortions are left out; else the balance changes silently."),
        default=True,
        group=_GROUP,
    )
    agreement: bool = setting(
        _("Agreement between photos"),
        _("Also pulls together the scores of two photos under the same distortion and level."),
        default=False,
        group=_GROUP,
    )
    rank_across_photos: bool = setting(
        _("Rank across photos"),
        _("Also ranks a less distorted photo above another photo that is more distorted."),
        default=False,
        group=_GROUP,
    )
    contrast_temperature: float = setting(
        _("SimCLR's temperature"),
        _("Of the NT-Xent loss; only SimCLR uses it."),
        default=0.5,
        low=0.01,
        high=10,
        group=_GROUP,
    )
