"""Whether a completion code is one that a survey gave."""

from dataclasses import dataclass
from datetime import date

from survey.models import Origin, Session, Survey


@dataclass(frozen=True, slots=True)
class Given:
    """The day in UTC, and no more: a time would tell whose votes they are, and a code knows who."""

    # None while somebody goes on in a survey that was closed and opened again.
    finished: date | None


def code_find(survey: Survey, code: str) -> Given | None:
    """Find a code as people type it, with or without its hyphen; one query."""
    found = "".join(letter for letter in code.upper() if letter.isalnum())
    if len(found) != 8:
        return None
    session = Session.objects.filter(
        participant__survey=survey,
        participant__origin=Origin.PERSON,
        completion_code=f"{found[:4]}-{found[4:]}",
    ).first()
    if session is None:
        return None
    return Given(session.finished_at.date() if session.finished_at else None)
