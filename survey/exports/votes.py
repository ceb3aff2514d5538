"""Votes in long format, one row a vote, streamed."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from survey.exports.base import Batch, Table, Values
from survey.exports.codebook import codebook
from survey.exports.columns import COLUMNS
from survey.exports.formats import format_get
from survey.kinds.base import Settings
from survey.models import Survey
from survey.selectors.results import PERSONS
from survey.selectors.surveys import conditions_of
from survey.selectors.votes import later_sessions, vote_batches


@dataclass(slots=True)
class VotesFile:
    content_type: str
    chunks: Iterator[bytes]
    # Votes read so far; all of them once the chunks are used up.
    votes: int = 0


def votes_export(survey: Survey, *, form: str = "csv", origins: Set[str] = PERSONS) -> VotesFile:
    """Return every vote as a file of this format, made while it is read; four queries, all lazy.

    Constant memory, one query of votes in batches. Votes of previews and simulations are left out
    unless asked for, and then say so in origin and excluded_reason. Raises SurveyInvalid for a
    format that is not known or not installed, before anything is read.
    """
    writer = format_get(form)
    file = VotesFile(writer.content_type, iter(()))

    def chunks() -> Iterator[bytes]:
        table = Table(COLUMNS, _batches(survey, origins, file), codebook(survey))
        yield from writer.chunks(table)

    file.chunks = chunks()
    return file


def _batches(survey: Survey, origins: Set[str], file: VotesFile) -> Iterator[list[Values]]:
    conditions = {condition.pk: condition for condition in conditions_of(survey)}
    sessions = later_sessions(survey)
    preset = Settings.from_json(survey.settings).preset
    for fields in vote_batches(survey, origins=origins):
        batch = _batch(fields, survey.slug, preset, conditions, sessions)
        file.votes += batch.size
        yield [column.taken(batch) for column in COLUMNS]


def _batch(fields: Mapping[str, tuple[Any, ...]], *shared: Any) -> Batch:
    return Batch(fields, len(fields["origin"]), *shared)
