"""A design out of a file that somebody sent: all is checked, one sentence says what is wrong."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NoReturn, TypeVar

from django.utils.translation import gettext as _

from survey.designs.base import VERSION, Design, DesignCredit, DesignPhoto, content_sha256
from survey.errors import SurveyInvalid
from survey.kinds import kind_get
from survey.kinds.base import Settings
from survey.models import Condition, Stimulus, Survey
from survey.services.stimuli import ConditionInfo

T = TypeVar("T", ConditionInfo, DesignCredit, DesignPhoto)
# 20,000 photos with long names and credits are 9 MB, and 180,000 of the signs that begin a value.
LARGEST = 10_000_000
VALUES = 400_000
HEAD = {"proofsheet_design", "slug", "title", "sha256", "design", "credits"}
CONTENT = {"kind", "settings", "formulas_sha256", "conditions", "photos"}
ASPECTS = ("technical", "style", "composition")
STEPS = 32_767
SHA256 = re.compile(r"([0-9a-f]{64})?")


def design_read(content: bytes) -> Design:
    """Read and check a design. Raises SurveyInvalid."""
    document = _parse(content)
    _check_keys(document, HEAD, optional={"sha256", "credits"}, where=_("the file"))
    design = document["design"]
    _check_keys(design, CONTENT, where="design")
    if document.get("sha256", content_sha256(design)) != content_sha256(design):
        _refuse(
            _(
                "The design was changed after its export: its SHA-256 does not fit. Export it "
                "again, or delete the line “sha256” of the file if the change is meant."
            )
        )
    kind_get(text_check(design["kind"], "kind", 40))
    return Design(
        slug=text_check(document["slug"], "slug", 50),
        title=text_check(document["title"], "title", _longest(Survey, "title")),
        kind=design["kind"],
        settings=_settings(design["settings"]),
        formulas=_sha256(design["formulas_sha256"], "formulas_sha256"),
        conditions=_conditions(design["conditions"]),
        photos=_photos(design["photos"]),
        credits=_credits(document.get("credits", [])),
    )


def design_too_large() -> str:
    return _("The file has more than %(n)d MB; no design is so large.") % {
        "n": LARGEST // 1_000_000
    }


def _refuse(sentence: str) -> NoReturn:
    raise SurveyInvalid(sentence)


def _brief(value: object) -> str:
    """Say a value that may be of any length."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > LARGEST:
        _refuse(design_too_large())
    # Before it is read: a list of empty lists takes twenty times its bytes of memory.
    if sum(map(content.count, (b",", b"[", b"{"))) > VALUES:
        _refuse(_("The file has more entries than any design; choose one that export_design has "
                  "written."))  # fmt: skip
    try:
        document = json.loads(content)
        # Half of a surrogate pair can be written in JSON, and is no text that has a hash.
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        _refuse(_("The file holds half a character; export the design again."))
    except (ValueError, RecursionError):
        _refuse(_("The file is no JSON; choose one that export_design has written."))
    if not isinstance(document, dict) or "proofsheet_design" not in document:
        _refuse(_("The file is no survey design; choose one that export_design has written."))
    version = document["proofsheet_design"]
    if type(version) is not int or version != VERSION:
        _refuse(
            _("The design has version %(found)s; this program reads version %(known)d.")
            % {"found": _brief(version), "known": VERSION}
        )
    return document


def _check_keys(
    found: object, known: set[str], *, where: str, optional: set[str] | None = None
) -> None:
    if not isinstance(found, dict):
        _refuse(_("%(where)s is no JSON object; choose a file that export_design has written.")
                % {"where": where})  # fmt: skip
    if unknown := sorted(found.keys() - known):
        _refuse(
            _("%(where)s has an unknown entry %(name)s; known are: %(known)s.")
            % {"where": where, "name": _brief(unknown[0]), "known": ", ".join(sorted(known))}
        )
    if missing := sorted(known - found.keys() - (optional or set())):
        _refuse(
            _("%(where)s lacks the entry %(name)r; export the design again.")
            % {"where": where, "name": missing[0]}
        )


def text_check(value: object, name: str, longest: int | None = None, *, blank: bool = False) -> str:
    """Return a text that every database can store. Raises SurveyInvalid."""
    if not isinstance(value, str) or not (value.strip() or blank):
        _refuse(
            _("%(name)s is %(value)s; it must be a text.") % {"name": name, "value": _brief(value)}
        )
    if longest is not None and len(value) > longest:
        _refuse(
            _("%(name)s has %(n)d characters; at most %(most)d are allowed.")
            % {"name": name, "n": len(value), "most": longest}
        )
    # Half of a surrogate pair, and a character that PostgreSQL cannot store.
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        _refuse(_("%(name)s holds a character that no text can have; remove it.") % {"name": name})
    return value


def _longest(model: type[Any], field: str) -> int | None:
    longest: int | None = model._meta.get_field(field).max_length
    return longest


def _sha256(value: object, name: str) -> str:
    if not isinstance(value, str) or not SHA256.fullmatch(value):
        _refuse(
            _("%(name)s is %(value)s; it must be 64 hexadecimal digits, or empty.")
            % {"name": name, "value": _brief(value)}
        )
    return value


def _settings(raw: object) -> Settings:
    """All settings must be there: a default of this version may not be what the survey had."""
    known = {field.name for field in fields(Settings)}
    _check_keys(raw, known, where="settings")
    assert isinstance(raw, Mapping)
    for name, value in raw.items():
        if isinstance(value, str):
            text_check(value, name, blank=True)
    return Settings.from_json(raw)


def _objects(raw: object, where: str, shape: type[T]) -> list[T]:
    """Build one dataclass an object; types follow from the fields' annotations."""
    if not isinstance(raw, list):
        _refuse(_("%(where)s is no JSON list; export the design again.") % {"where": where})
    known = {field.name for field in fields(shape)}
    found = []
    for number, item in enumerate(raw, start=1):
        _check_keys(item, known, where=f"{where} {number}")
        found.append(shape(**item))
    return found


def _once(names: list[Any], where: str) -> None:
    seen = set()
    for name in names:
        if name in seen:
            _refuse(_("%(where)s has %(name)r twice; leave one.") % {"where": where, "name": name})
        seen.add(name)


def _conditions(raw: object) -> tuple[ConditionInfo, ...]:
    found = _objects(raw, "conditions", ConditionInfo)
    for condition in found:
        for name in ("distortion", "level", "label"):
            text_check(getattr(condition, name), name, _longest(Condition, name))
        text_check(condition.note, "note", blank=True)
        if condition.aspect not in ASPECTS:
            _refuse(
                _("aspect is %(value)s; allowed are: %(allowed)s.")
                % {"value": _brief(condition.aspect), "allowed": ", ".join(ASPECTS)}
            )
        if type(condition.step) is not int or abs(condition.step) > STEPS:
            _refuse(_("step is %(value)s; it must be a whole number.")
                    % {"value": _brief(condition.step)})  # fmt: skip
        _check_level(condition.level)
    _once([(c.distortion, c.level) for c in found], "conditions")
    return tuple(found)


def _check_level(level: str) -> None:
    try:
        finite = math.isfinite(float(level))
    except ValueError:
        finite = False
    if not finite:
        _refuse(_("level is %(value)r; it must be written as a number.") % {"value": level})


def _photos(raw: object) -> tuple[DesignPhoto, ...]:
    found = _objects(raw, "photos", DesignPhoto)
    for photo in found:
        text_check(photo.name, "name", _longest(Stimulus, "photo"))
        _sha256(photo.pixel_sha256, "pixel_sha256")
    _once([photo.name for photo in found], "photos")
    return tuple(found)


def _credits(raw: object) -> tuple[DesignCredit, ...]:
    found = _objects(raw, "credits", DesignCredit)
    for row in found:
        text_check(row.name, "name", _longest(Stimulus, "photo"))
        for name in ("credit", "licence"):
            text_check(getattr(row, name), name, _longest(Stimulus, name), blank=True)
    _once([row.name for row in found], "credits")
    return tuple(found)
