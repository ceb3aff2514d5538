"""What a survey kind is, and the settings that every kind shares."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol

from django.utils.translation import gettext as _

from survey.errors import SurveyInvalid

ENCODINGS = ("jpeg", "png")
ACCESS = ("open", "invite")
# setting -> (lowest, highest)
RANGES = {
    "trials": (1, 200),
    "photo_repeats": (1, 200),
    "photo_gap": (0, 50),
    "lease_minutes": (1, 24 * 60),
    "break_every": (0, 200),
    "resume_minutes": (0, 7 * 24 * 60),
    "long_side": (128, 4096),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """How a survey runs; stored as JSON with the survey and frozen with its first vote."""

    # Trials a session; at 5 s a trial 85 take about 7 minutes (the paper's mean is 84.7).
    trials: int = 85
    # How often one person may see the same photo, each time with another condition.
    photo_repeats: int = 1
    # The same photo never within this many trials.
    photo_gap: int = 3
    # After this a lease stops counting for the balance of conditions.
    lease_minutes: int = 10
    pairing: str = "balanced"
    # Who may take part: everybody with the link, or only who holds a single-use invite.
    access: str = "open"
    # Whether people may take back their last answer, and pass a pair by with a reason.
    undo: bool = True
    skip: bool = True
    # A break is offered after so many trials; 0: never.
    break_every: int = 50
    # After a longer pause the instructions are shown again; 0: never.
    resume_minutes: int = 60
    # Empty: the translated default question and texts.
    question: str = ""
    purpose: str = ""
    consent_version: str = "1"
    consent_text: str = ""
    contact: str = ""
    # How pictures are made: preset of the distortions, display size and file type.
    preset: str = "pfister2021"
    long_side: int = 1024
    encoding: str = "jpeg"

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Settings":
        """Check and complete stored settings; SurveyInvalid names the first that is wrong."""
        known = {field.name: field for field in fields(cls)}
        for name, value in raw.items():
            if name not in known:
                raise SurveyInvalid(
                    _("%(name)r is no survey setting; allowed are: %(allowed)s.")
                    % {"name": name, "allowed": ", ".join(known)}
                )
            _check_value(name, value, type(known[name].default))
        settings = cls(**raw)
        _check_choice("encoding", settings.encoding, ENCODINGS)
        _check_choice("access", settings.access, ACCESS)
        return settings

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SurveyInvalid(
            _("%(name)s is %(value)r; allowed are: %(allowed)s.")
            % {"name": name, "value": value, "allowed": ", ".join(allowed)}
        )


def _check_value(name: str, value: object, wanted: type) -> None:
    # bool is an int to Python, not to a person.
    if not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool):
        kinds = {int: _("a whole number"), bool: _("true or false"), str: _("a text")}
        raise SurveyInvalid(
            _("%(name)s is %(value)r; it must be %(kind)s.")
            % {"name": name, "value": value, "kind": kinds[wanted]}
        )
    low, high = RANGES.get(name, (None, None))
    if isinstance(value, int) and low is not None and high is not None and not low <= value <= high:
        raise SurveyInvalid(
            _("%(name)s is %(value)d; allowed are whole numbers from %(low)d to %(high)d.")
            % {"name": name, "value": value, "low": low, "high": high}
        )


class Kind(Protocol):
    """A way of asking. One file in survey/kinds and one line in its registry."""

    template_name: str
    answers: tuple[str, ...]

    def answer_check(self, answer: str) -> str:
        """Return the answer; SurveyInvalid names what is allowed."""
        ...

    def original_preferred(self, answer: str, original_side: str) -> bool:
        """Tell what the answer says of the original."""
        ...
