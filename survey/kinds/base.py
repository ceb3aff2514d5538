"""What a survey kind is, and the settings that every kind shares."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.errors import SurveyInvalid
from survey.kinds.declared import Declared, declared, setting

ENCODINGS = {"jpeg": gettext_lazy("JPEG"), "png": gettext_lazy("PNG, lossless")}
ACCESS = {
    "open": gettext_lazy("everybody with the link"),
    "invite": gettext_lazy("only who holds a single-use invite"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """How a survey runs; stored as JSON with the survey and frozen with its first vote."""

    # At 5 s a trial 85 take about 7 minutes (the paper's mean is 84.7).
    trials: int = setting(
        85,
        gettext_lazy("Pairs a person"),
        gettext_lazy("How many pairs one person judges; 85 take about 7 minutes."),
        bounds=(1, 200),
    )
    photo_repeats: int = setting(
        1,
        gettext_lazy("Times a photo returns"),
        gettext_lazy(
            "How often one person may see the same photo, each time with another condition."
        ),
        bounds=(1, 200),
    )
    photo_gap: int = setting(
        3,
        gettext_lazy("Pairs before a photo returns"),
        gettext_lazy("So many other pairs lie between two pairs of the same photo, at least."),
        bounds=(0, 50),
    )
    lease_minutes: int = setting(
        10,
        gettext_lazy("Minutes a pair is held"),
        gettext_lazy(
            "A pair that was handed out and not answered stops counting for the balance of "
            "conditions after so many minutes; it can still be answered."
        ),
        bounds=(1, 24 * 60),
    )
    pairing: str = setting(
        "balanced",
        gettext_lazy("How pairs are chosen"),
        gettext_lazy("The strategy; balanced: the condition with the fewest votes comes first."),
    )
    access: str = setting(
        "open",
        gettext_lazy("Who may take part"),
        gettext_lazy("Everybody with the link, or only who holds a single-use invite."),
        choices=ACCESS,
    )
    undo: bool = setting(
        True,
        gettext_lazy("Undo"),
        gettext_lazy("People may take back their last answer, once."),
    )
    skip: bool = setting(
        True,
        gettext_lazy("Skip"),
        gettext_lazy("People may pass a pair by, with a reason."),
    )
    break_every: int = setting(
        50,
        gettext_lazy("Pairs between breaks"),
        gettext_lazy("A break is offered after so many pairs; 0: never."),
        bounds=(0, 200),
    )
    resume_minutes: int = setting(
        60,
        gettext_lazy("Minutes until the instructions return"),
        gettext_lazy("Who was away for longer reads the instructions again; 0: never."),
        bounds=(0, 7 * 24 * 60),
    )
    # Empty: the translated default question and texts.
    question: str = setting(
        "",
        gettext_lazy("Question"),
        gettext_lazy(
            "What is asked of each pair; empty: “Which photo do you find more pleasing?”, "
            "translated."
        ),
    )
    purpose: str = setting(
        "",
        gettext_lazy("What it was about"),
        gettext_lazy("The text at the end that says what was studied; empty: the standard text."),
    )
    # Stored with each participant, where it has its place in the database.
    consent_version: str = setting(
        "1",
        gettext_lazy("Version of the consent"),
        gettext_lazy("Stored with what each participant agreed to."),
        longest=40,
    )
    consent_text: str = setting(
        "",
        gettext_lazy("Consent"),
        gettext_lazy("The text that people agree to; empty: the standard text, translated."),
    )
    contact: str = setting(
        "",
        gettext_lazy("Contact"),
        gettext_lazy("Whom participants may ask; shown with the consent and at the end."),
    )
    preset: str = setting(
        "pfister2021",
        gettext_lazy("Distortions"),
        gettext_lazy(
            "The preset of distortions: pfister2021, or identity_zero, whose zero changes nothing."
        ),
    )
    long_side: int = setting(
        1024,
        gettext_lazy("Longer side"),
        gettext_lazy("Pixels of a picture's longer side; a smaller photo keeps its size."),
        bounds=(128, 4096),
    )
    encoding: str = setting(
        "jpeg",
        gettext_lazy("File type"),
        gettext_lazy("Of the pictures; PNG takes several times the disk and the line of JPEG."),
        choices=ENCODINGS,
    )

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
            _check_value(declared(known[name]), value)
        return cls(**raw)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def settings_declared() -> list[Declared]:
    """Every setting, in the order in which they are told."""
    return [declared(field) for field in fields(Settings)]


# setting -> (lowest, highest), and setting -> characters
RANGES = {each.name: each.about.bounds for each in settings_declared() if each.about.bounds}
LENGTHS = {each.name: each.about.longest for each in settings_declared() if each.about.longest}


def _check_value(known: Declared, value: object) -> None:
    wanted = type(known.default)
    # bool is an int to Python, not to a person.
    if not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool):
        kinds = {int: _("a whole number"), bool: _("true or false"), str: _("a text")}
        raise SurveyInvalid(
            _("%(name)s is %(value)r; it must be %(kind)s.")
            % {"name": known.name, "value": value, "kind": kinds[wanted]}
        )
    if isinstance(value, str):
        _check_text(known, value)
    elif known.about.bounds and isinstance(value, int):
        low, high = known.about.bounds
        if not low <= value <= high:
            raise SurveyInvalid(
                _("%(name)s is %(value)d; allowed are whole numbers from %(low)d to %(high)d.")
                % {"name": known.name, "value": value, "low": low, "high": high}
            )


def _check_text(known: Declared, value: str) -> None:
    longest, choices = known.about.longest, known.about.choices
    if longest is not None and len(value) > longest:
        raise SurveyInvalid(
            _("%(name)s has %(n)d characters; at most %(most)d are allowed.")
            % {"name": known.name, "n": len(value), "most": longest}
        )
    if choices and value not in choices:
        raise SurveyInvalid(
            _("%(name)s is %(value)r; allowed are: %(allowed)s.")
            % {"name": known.name, "value": value, "allowed": ", ".join(choices)}
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
