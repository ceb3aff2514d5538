"""Which photos a network is fine-tuned on, and how they get to it."""

from dataclasses import dataclass

from models_app.training.options.common import max_unreadable_setting, side_setting
from models_app.training.settings import gettext_noop, setting

_ = gettext_noop
_GROUP = _("Photos")


@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    side: int = side_setting()
    flips: bool = setting(
        _("Mirror"),
        _("Half of the training photos, drawn anew every epoch, are mirrored left to right."),
        default=True,
        group=_GROUP,
    )
    share: float = setting(
        _("Share of the labels"),
        _("Of the training photos, as a number from 0 to 1; validation and test stay whole."),
        default=1.0,
        low=0.0001,
        high=1,
        group=_GROUP,
    )
    subset: str = setting(
        _("Which share"),
        _("A smaller drawn share lies inside every larger one of the same seed."),
        default="seeded",
        choices={
            "seeded": _("drawn by the seed of the share"),
            "first": _("the first of the list (as released)"),
        },
        group=_GROUP,
    )
    subset_seed: int = setting(
        _("Seed of the share"),
        _("The same seed and photos give the same share, whatever the photos are called."),
        default=1,
        low=0,
        high=2**31 - 1,
        group=_GROUP,
    )
    cache: str = setting(
        _("Decoded photos"),
        _("Where they are kept: every photo is decoded once."),
        default="auto",
        choices={
            "auto": _("in memory where they fit, else in a file"),
            "memory": _("in memory"),
            "disk": _("in a file"),
        },
        group=_GROUP,
    )
    cache_folder: str = setting(
        _("Folder of decoded photos"),
        _("Files stay in it for other runs with the same photos; empty: they go with the run."),
        default="",
        group=_GROUP,
    )
    workers: int = setting(
        _("Decoders"), _("Threads that decode photos."), default=2, low=1, high=64, group=_GROUP
    )
    max_unreadable: float = max_unreadable_setting()
