"""What a browser asks about its own session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import connection
from django.db.models import Max, Model, Q

from survey.errors import SessionMissing
from survey.models import Assignment, Participant, Session, Survey
from survey.prepared import Prepared

STATES = Assignment.State


def session_get(key: str, *, slug: str) -> Session:
    """Return a session with its participant and survey; one query. Raises SessionMissing."""
    rows = _SESSION(key, slug) if key else []
    if not rows:
        raise SessionMissing
    return _session(rows[0])


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


_MODELS: tuple[tuple[type[Model], str], ...] = (
    (Session, ""),
    (Participant, "participant__"),
    (Survey, "participant__survey__"),
)
_SESSION = Prepared(
    lambda key, slug: Session.objects.filter(key=key, participant__survey__slug=slug).values_list(
        *(f"{path}{name}" for model, path in _MODELS for name in _columns(model))
    ),
    str,
    str,
)


def _session(row: Sequence[Any]) -> Session:
    """Build what select_related would have built."""
    made: list[Any] = []
    at = 0
    for model, _path in _MODELS:
        names = _columns(model)
        made.append(model.from_db(connection.alias, names, row[at : at + len(names)]))
        at += len(names)
    session, participant, survey = made
    participant.survey = survey
    session.participant = participant
    return cast("Session", session)


def votes_count(session: Session) -> int:
    """One query."""
    return session.assignments.filter(state=STATES.VOTED).count()


def trials_last(session: Session) -> list[datetime]:
    """When this session last got a pair and when it last voted, if ever; one query."""
    last = session.assignments.aggregate(Max("leased_at"), Max("vote__created_at"))
    return [at for at in last.values() if at is not None]


@dataclass(frozen=True, slots=True)
class PictureFile:
    file: str
    content_type: str
    # Bytes to send: those of the longer picture of the pair.
    length: int


def picture_get(token: str, *, session_key: str) -> PictureFile | None:
    """The file behind a picture's token, if this session holds it; one query."""
    rows = _PICTURE(token, token, session_key) if session_key else []
    if not rows:
        return None
    left, side, kind, variant, variant_bytes, original, original_bytes = rows[0]
    is_original = (side == "left") == (left == token)
    return PictureFile(
        original if is_original else variant, kind, max(variant_bytes, original_bytes)
    )


# The token is unique on either side.
_PICTURE = Prepared(
    lambda left, right, key: Assignment.objects.filter(
        Q(left_token=left) | Q(right_token=right),
        session__key=key,
        stimulus__reference__isnull=False,
    ).values_list(
        "left_token", "original_side", "stimulus__content_type", "stimulus__file",
        "stimulus__bytes", "stimulus__reference__file", "stimulus__reference__bytes",
    ),
    str, str, str,
)  # fmt: skip
