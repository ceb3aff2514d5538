"""Votes as CSV: long format, one row a vote, streamed; and the codebook that explains it."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from survey import selectors
from survey.kinds.base import Settings
from survey.models import ORIGINAL, Survey

SCHEMA_VERSION = 1
# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: str
    meaning: str
    value: Callable[[Row, "Context"], object]


@dataclass(frozen=True, slots=True)
class Context:
    survey: Survey
    settings: Settings


def cell(value: object, kind: str) -> str:
    """Write one cell; text that a spreadsheet would run gets a leading apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = str(value)
    if kind == "text" and text.startswith(FORMULA_STARTS):
        return f"'{text}"
    return text


def _row(name: str) -> Callable[[Row, Context], object]:
    return lambda row, _context: row[name]


def _condition(row: Row, _context: Context) -> str:
    return f"{row['assignment__condition__distortion']}/{row['assignment__condition__level']}"


def _always(value: object) -> Callable[[Row, Context], object]:
    return lambda _row, _context: value


_ = gettext_noop
COLUMNS = (
    Column("schema_version", "number", _("version of this list of columns"),
           _always(SCHEMA_VERSION)),
    Column("survey", "text", _("survey, by its short name"), lambda _r, c: c.survey.slug),
    Column("observer", "text", _("random code of the participant in this survey"),
           _row("assignment__session__participant__code")),
    Column("session", "number", _("session of the observer, counted from 1"), _always(1)),
    Column("trial", "number", _("place of the trial in the session, counted from 1"),
           _row("assignment__position")),
    Column("scene", "text", _("photo, by its file name; the same as `photo`"),
           _row("assignment__stimulus__photo")),
    Column("condition_A", "text", _("always `original`: the unedited photo"), _always(ORIGINAL)),
    Column("condition_B", "text", _("the other picture: distortion/level"), _condition),
    Column("is_A_selected", "number", _("1 = the original was preferred, 0 = the edited photo"),
           _row("original_preferred")),
    Column("photo", "text", _("photo, by its file name"), _row("assignment__stimulus__photo")),
    Column("distortion", "text", _("key of the distortion"),
           _row("assignment__condition__distortion")),
    Column("level", "number", _("level of the distortion in its own unit"),
           _row("assignment__condition__level")),
    Column("step", "number",
           _("signed place of the level in its chain, counted from the original (0)"),
           _row("assignment__condition__step")),
    Column("aspect", "text", _("technical, style or composition"),
           _row("assignment__condition__aspect")),
    Column("preset", "text", _("set of levels and formulas the pictures were made with"),
           lambda _r, c: c.settings.preset),
    Column("distortion_note", "text", _("what to know about this distortion in this preset"),
           _row("assignment__condition__note")),
    Column("original_side", "text", _("side of the original: left or right (stacked: left = top)"),
           _row("assignment__original_side")),
    Column("chosen_side", "text", _("the answer: left or right (stacked: left = top)"),
           _row("chosen_side")),
    Column("layout", "text", _("side-by-side or stacked, as the pair was shown"), _row("layout")),
    Column("response_ms", "number",
           _("milliseconds from the first moment both photos were visible to the choice, over "
             "reloads too; input in the first 300 ms is taken for a slip and ignored"),
           _row("response_ms")),
    Column("viewport_width", "number", _("browser window, CSS pixels"), _row("viewport_width")),
    Column("viewport_height", "number", _("browser window, CSS pixels"), _row("viewport_height")),
    Column("device_pixel_ratio", "number", _("screen pixels a CSS pixel"),
           _row("device_pixel_ratio")),
    Column("rendered_width", "number", _("width of one photo on the page, CSS pixels"),
           _row("rendered_width")),
    Column("rendered_height", "number", _("height of one photo on the page, CSS pixels"),
           _row("rendered_height")),
    Column("focus_losses", "number",
           _("times the page lost the focus or was loaded again during the trial"),
           _row("focus_losses")),
    Column("is_practice", "number", _("1 = practice trial, not analysed (none in this version)"),
           _always(0)),
    Column("is_golden", "number", _("1 = check trial (none in this version)"), _always(0)),
    Column("repeat_of", "text", _("trial that this one repeats (none in this version)"),
           _always("")),
    Column("excluded_reason", "text", _("why the vote is left out of results; empty = it counts"),
           lambda r, _c: "staff preview" if r["assignment__is_preview"] else ""),
    Column("consent_version", "text", _("version of the consent text that the observer accepted"),
           _row("assignment__session__participant__consent_version")),
    Column("leased_at", "text", _("when the pair was assigned, UTC, ISO 8601"),
           _row("assignment__leased_at")),
    Column("voted_at", "text", _("when the vote was stored, UTC, ISO 8601"), _row("created_at")),
)  # fmt: skip


class _Echo:
    def write(self, text: str, /) -> str:
        return text


def votes_csv(survey: Survey, *, previews: bool = False) -> Iterator[str]:
    """Yield the lines of the export; constant memory, one query in chunks.

    Staff previews are left out unless asked for, and then carry a reason in excluded_reason.
    """
    context = Context(survey, Settings.from_json(survey.settings))
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(column.name for column in COLUMNS)
    for row in selectors.vote_rows(survey, previews=previews):
        yield writer.writerow(cell(column.value(row, context), column.kind) for column in COLUMNS)


def codebook_csv(survey: Survey) -> Iterator[str]:
    """Yield the codebook: the columns, then the conditions that carry a note."""
    conditions = selectors.conditions_of(survey)
    notes = {c.distortion: c.note for c in conditions if c.note}
    rows: Iterable[tuple[str, str, str]] = (
        *((column.name, column.kind, column.meaning) for column in COLUMNS),
        *((f"distortion {key}", "note", note) for key, note in sorted(notes.items())),
    )
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(("column", "kind", "meaning"))
    for row in rows:
        yield writer.writerow(cell(value, "text") for value in row)


def curves_csv(results: dict[str, Any]) -> Iterator[str]:
    """Yield shares a condition with their Wilson intervals, as the charts show them."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(
        ("distortion", "level", "step", "votes", "originals", "share", "low", "high", "interval",
         "note")
    )  # fmt: skip
    for distortion in results["distortions"]:
        for level in distortion["levels"]:
            share = level["share"] or {"value": "", "low": "", "high": "", "method": ""}
            yield writer.writerow(
                (distortion["key"], level["level"], level["step"], level["votes"],
                 level["originals"], share["value"], share["low"], share["high"],
                 share["method"], distortion["note"])
            )  # fmt: skip
