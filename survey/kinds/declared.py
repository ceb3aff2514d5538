"""What a setting means and allows: said once, for the form, the command's help and the document."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise

_ABOUT = "about"


@dataclass(frozen=True, slots=True)
class About:
    label: "Text"
    meaning: "Text"
    # (lowest, highest) of a whole number.
    bounds: tuple[int, int] | None = None
    # The values that are allowed, each with its label.
    choices: Mapping[str, "Text"] | None = None
    # Characters of a text.
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """A setting: its name, what it is where nobody sets it, what it means and allows."""

    name: str
    default: Any
    about: About

    @property
    def default_said(self) -> str:
        """The default as `--set` takes it."""
        if isinstance(self.default, bool):
            return "true" if self.default else "false"
        return str(self.default) or _("empty")

    @property
    def allowed_said(self) -> str:
        """What may be given, in a few words; "" where every text may be."""
        if self.about.bounds:
            low, high = self.about.bounds
            return _("%(low)d to %(high)d") % {"low": low, "high": high}
        if isinstance(self.default, bool):
            return _("%(one)s or %(other)s") % {"one": "true", "other": "false"}
        if self.about.choices:
            return ", ".join(self.about.choices)
        if self.about.longest:
            return _("up to %(n)d characters") % {"n": self.about.longest}
        return ""


def setting(default: Any, label: "Text", meaning: "Text", **allowed: Any) -> Any:
    """Declare a field of Settings; `allowed` are the other fields of About."""
    return field(default=default, metadata={_ABOUT: About(label, meaning, **allowed)})


def declared(found: "Field[Any]") -> Declared:
    about: About = found.metadata[_ABOUT]
    return Declared(found.name, found.default, about)
