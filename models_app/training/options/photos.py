"""Which photos a network learns from, and how they get to it."""

from dataclasses import dataclass

from models_app.training.options.common import max_unreadable_setting, side_setting
from models_app.training.settings import gettext_noop, setting

_ = gettext_noop
_GROUP = _("Photos")

# 15k of 130k photos, as in the paper.
_SHARE = 15 / 130


@dataclass(frozen=True, kw_only=True)
class PhotoOptions:
    photos: str = setting(
        _("Photos"),
        _("On the command line a folder, relative to the configuration; in a job a dataset."),
        default="",
        group=_GROUP,
    )
    split_lists: str = setting(
        _("Lists"),
        _(
            "Files that say which photos train, validate and test, separated by commas; empty: "
            "the split of the dataset where it has one, else a split by content."
        ),
        default="",
        group=_GROUP,
    )
    validation_share: float = setting(
        _("Validation share"),
        _("Of the photos, where no list says which."),
        default=_SHARE,
        low=0.001,
        high=0.9,
        group=_GROUP,
    )
    test_share: float = setting(
        _("Test share"),
        _("Of the photos, kept away from training and from the choice of the best."),
        default=_SHARE,
        low=0,
        high=0.9,
        group=_GROUP,
    )
    split_seed: int = setting(
        _("Seed of the split"),
        _("The same seed and photos give the same split, whatever the photos are called."),
        default=1,
        low=0,
        high=2**31 - 1,
        group=_GROUP,
    )
    side: int = side_setting()
    order: str = setting(
        _("Order"),
        _("Of resizing and style distortions."),
        default="resize_first",
        choices={"resize_first": _("resize first"), "render_first": _("render first")},
        group=_GROUP,
    )
    photos_per_batch: int = setting(
        _("Photos a batch"),
        _("Each with all its variants; over all processes."),
        default=8,
        low=1,
        high=65_536,
        group=_GROUP,
    )
    decoders: int = setting(
        _("Decoders"),
        _("Threads that decode photos ahead."),
        default=2,
        low=1,
        high=64,
        group=_GROUP,
    )
    redraw_noise: bool = setting(
        _("Redraw noise"),
        _("Random distortions are drawn anew every epoch."),
        default=True,
        group=_GROUP,
    )
    variant_cache_mb: int = setting(
        _("Cache of variants"),
        _("Megabytes of finished variants that are kept; needs noise that is not redrawn."),
        default=0,
        low=0,
        high=1_000_000,
        group=_GROUP,
    )
    max_unreadable: float = max_unreadable_setting()
