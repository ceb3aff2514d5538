"""What a rule can be told; one set of options, of which each rule knows some."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models_app.splits.base import SplitRefused
from models_app.splits.perceptual import NEAR
from models_app.splits.registry import entry_get
from models_app.training.errors import ConfigInvalid
from models_app.training.settings import gettext_noop as _
from models_app.training.settings import setting, values_check

ALWAYS = ("labels_only", "near", "without_leaks")
"""Options of every rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitConfig:
    """The options of a split; what a rule does not know stays at its default and is not stored."""

    seed: int = setting(
        _("Seed"),
        _("The same seed gives the same split on every machine."),
        default=0,
        low=0,
        high=2**31 - 1,
    )
    validation_share: float = setting(
        _("Validation share"),
        _(
            "Of the images, or of those that train where lists or labels say so but name none that "
            "validate."
        ),
        default=0.1,
        low=0.0,
        high=0.9,
    )
    test_share: float = setting(
        _("Test share"), _("Of the images, or of the references."), default=0.1, low=0.0, high=0.9
    )
    rest: str = setting(
        _("Images that no list names"),
        _("AVA's official test list is mostly used so that all other images train."),
        default="leave_out",
        choices={"leave_out": _("left out"), "train": _("train")},
    )
    labels_only: bool = setting(
        _("Labels without photos too"),
        _("Also images that are not at hand; of those, only name and reference can be compared."),
        default=False,
    )
    near: int = setting(
        _("Near-duplicate bits"),
        _("Images whose 64-bit perceptual hashes differ in so few bits count as the same."),
        default=NEAR,
        low=0,
        high=11,
    )
    without_leaks: bool = setting(
        _("Leave leaking images out"),
        _("Not the test's, but those of train and validation that would leak; their number stays."),
        default=False,
    )

    def __post_init__(self) -> None:
        values_check(self)
        if self.validation_share + self.test_share >= 1:
            raise ConfigInvalid(
                f"validation_share and test_share are {self.validation_share:g} and "
                f"{self.test_share:g}; together they must leave something to train on: lower one.",
                "test_share",
            )


def config_read(rule: str, raw: Mapping[str, Any]) -> SplitConfig:
    """Check what a rule is told and fill in defaults.

    Raises
    ------
    SplitRefused
        For an unknown rule, an option that the rule does not know, or a value out of range.
    """
    known = options_of(rule)
    for name in raw:
        if name not in known:
            raise SplitRefused(
                f"The rule {rule} knows no option {str(name)[:80]!r}; allowed are: "
                f"{', '.join(known)}."
            )
    try:
        return SplitConfig(**raw)
    except ConfigInvalid as error:
        raise SplitRefused(str(error), error.name) from error


def config_dump(rule: str, config: SplitConfig) -> dict[str, Any]:
    """Return the options that the rule knows, as JSON holds them."""
    values = asdict(config)
    return {name: values[name] for name in options_of(rule)}


def options_of(rule: str) -> tuple[str, ...]:
    """Return the names of the options that a rule knows."""
    return (*entry_get(rule).options, *ALWAYS)
