"""The columns of an export of votes, in their order: one table for all formats and the codebook."""

from collections.abc import Callable

from survey.exports.base import Batch, Column, Type, Values, each
from survey.models import ORIGINAL, Origin

# Raised with every change of what a column is called or holds.
SCHEMA_VERSION = 2
TEXT, INTEGER, NUMBER = Type.TEXT, Type.INTEGER, Type.NUMBER
BOOLEAN, TIME = Type.BOOLEAN, Type.TIME
ORIGINS = {Origin.PERSON: "participant", Origin.TEST: "test", Origin.SIMULATED: "simulated"}
SIDES = "left or right; where stacked, left is the upper one"
YES_NO = "true (in CSV 1) = yes, false (in CSV 0) = no"
PIXELS = "CSS pixels"
DAY_MS = "0 to 86400000"
NOT_REVISED = "for an answer that was not revised"
PERSON = "assignment__session__participant"

Taken = Callable[[Batch], Values]


def _field(name: str) -> Taken:
    return lambda batch: batch.fields[name]


def _filled(name: str) -> Taken:
    """Take a text that says with "" that there is none."""
    return lambda batch: each(lambda text: text or None, batch.fields[name])


def _always(value: object) -> Taken:
    return lambda batch: [value] * batch.size


def _condition(name: str) -> Taken:
    def taken(batch: Batch) -> Values:
        found = batch.conditions
        return each(lambda pk: getattr(found[pk], name), batch.fields["assignment__condition_id"])

    return taken


def _condition_name(batch: Batch) -> Values:
    found = batch.conditions
    return each(
        lambda pk: f"{found[pk].distortion}/{found[pk].level}",
        batch.fields["assignment__condition_id"],
    )


def _note(batch: Batch) -> Values:
    return [note or None for note in _condition("note")(batch)]


def _session(batch: Batch) -> Values:
    return [batch.sessions.get(pk, 1) for pk in batch.fields["assignment__session_id"]]


def _response_ms(batch: Batch) -> Values:
    both = zip(batch.fields["response_ms"], batch.fields["revised"], strict=True)
    return [None if revised else ms for ms, revised in both]


def _origin(batch: Batch) -> Values:
    return each(lambda origin: ORIGINS[Origin(origin)], batch.fields["origin"])


def _excluded(batch: Batch) -> Values:
    return [None if name == "participant" else name for name in _origin(batch)]


COLUMNS = (
    Column("schema_version", INTEGER, "version of this list of columns", _always(SCHEMA_VERSION),
           values=str(SCHEMA_VERSION)),
    Column("survey", TEXT, "survey, by its short name", lambda b: [b.survey] * b.size),
    Column("observer", TEXT, "random code of the participant in this survey",
           _field(f"{PERSON}__code")),
    Column("origin", TEXT,
           "who answered: a participant, staff who tried the survey, or a simulated annotator; "
           "only participants are in an export unless it was asked for the others",
           _origin, values="participant, test or simulated"),
    Column("session", INTEGER, "session of the observer, counted from 1", _session,
           values="1 or more"),
    Column("session_resumes", INTEGER,
           "how often the observer came back to this session after a long pause and saw the "
           "instructions again, until the export was made",
           _field("assignment__session__resumes"), values="0 or more"),
    Column("trial", INTEGER, "place of the trial in the session, counted from 1",
           _field("assignment__position"), values="1 or more"),
    Column("scene", TEXT, "photo, by its file name; the same as `photo`",
           _field("assignment__stimulus__photo")),
    Column("condition_A", TEXT, "the unedited photo", _always(ORIGINAL), values=ORIGINAL),
    Column("condition_B", TEXT, "the other picture: distortion/level", _condition_name),
    Column("is_A_selected", BOOLEAN, "whether the original was preferred to the edited photo",
           _field("original_preferred"),
           values="true (in CSV 1) = the original, false (in CSV 0) = the edited photo"),
    Column("photo", TEXT, "photo, by its file name", _field("assignment__stimulus__photo")),
    Column("distortion", TEXT, "key of the distortion", _condition("distortion")),
    Column("level", NUMBER, "level of the distortion", _condition("level"),
           unit="the distortion's own",
           empty="for a level that is no number; in CSV its text stands here, in all formats in "
                 "condition_B"),
    Column("step", INTEGER,
           "signed place of the level in its chain, counted from the original, which is 0",
           _condition("step")),
    Column("aspect", TEXT, "kind of the distortion", _condition("aspect"),
           values="technical, style or composition"),
    Column("preset", TEXT, "set of levels and formulas that the pictures were made with",
           lambda b: [b.preset] * b.size),
    Column("distortion_note", TEXT, "what to know about this distortion in this preset", _note,
           empty="for a distortion without a note"),
    Column("original_side", TEXT, "side of the original", _field("assignment__original_side"),
           values=SIDES),
    Column("chosen_side", TEXT, "the answer that counts: the second one where it was revised",
           _field("chosen_side"), values=SIDES),
    Column("layout", TEXT, "how the pair was shown", _field("layout"),
           values="side-by-side or stacked"),
    Column("response_ms", INTEGER,
           "from the first moment both photos were visible to the choice, over reloads too; input "
           "in the first 300 ms is taken for a slip and ignored",
           _response_ms, "ms", DAY_MS,
           "for a revised answer: the time of a second look is not analysed"),
    Column("revised", BOOLEAN, "whether the observer took the first answer back and chose again",
           _field("revised"), values=YES_NO),
    Column("first_chosen_side", TEXT, "the answer that was taken back",
           _filled("first_chosen_side"), values=SIDES, empty=NOT_REVISED),
    Column("first_response_ms", INTEGER, "response time of the answer that was taken back",
           _field("first_response_ms"), "ms", DAY_MS, NOT_REVISED),
    Column("first_voted_at", TIME, "when the answer that was taken back was stored",
           _field("first_created_at"), "UTC", "ISO 8601", NOT_REVISED),
    Column("viewport_width", INTEGER, "width of the browser window", _field("viewport_width"),
           PIXELS, "1 to 100000"),
    Column("viewport_height", INTEGER, "height of the browser window", _field("viewport_height"),
           PIXELS, "1 to 100000"),
    Column("device_pixel_ratio", NUMBER, "density of the screen", _field("device_pixel_ratio"),
           "screen pixels a CSS pixel", "0.05 to 50"),
    Column("rendered_width", NUMBER, "width of one photo on the page", _field("rendered_width"),
           PIXELS, "0 to 100000"),
    Column("rendered_height", NUMBER, "height of one photo on the page", _field("rendered_height"),
           PIXELS, "0 to 100000"),
    Column("focus_losses", INTEGER,
           "times the page lost the focus or was loaded again during the trial",
           _field("focus_losses"), values="0 to 10000"),
    Column("is_practice", BOOLEAN, "practice trial, not analysed (none in this version)",
           _always(False), values=YES_NO),
    Column("is_golden", BOOLEAN, "check trial (none in this version)", _always(False),
           values=YES_NO),
    Column("repeat_of", INTEGER, "trial that this one repeats (none in this version)",
           _always(None), values="1 or more", empty="for a trial that repeats none"),
    Column("excluded_reason", TEXT, "why the vote is left out of results", _excluded,
           values="test or simulated", empty="for a vote that counts"),
    Column("consent_version", TEXT, "version of the consent text that the observer accepted",
           _filled(f"{PERSON}__consent_version"), empty="where nobody was asked to consent"),
    Column("leased_at", TIME, "when the pair was assigned", _field("assignment__leased_at"),
           "UTC", "ISO 8601"),
    Column("voted_at", TIME, "when the answer that counts was stored", _field("created_at"),
           "UTC", "ISO 8601"),
)  # fmt: skip
