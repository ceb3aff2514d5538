"""The order of a participant's pages."""

from django.utils import timezone

from survey.models import Session
from survey.services.sessions import gap_is_long


def next_page(session: Session) -> str:
    """Name of the first page that this session has not done yet, or not for a long time."""
    if session.finished_at is not None:
        return "survey:done"
    if session.participant.consented_at is None:
        return "survey:consent"
    if session.instructions_seen_at is None or gap_is_long(session, now=timezone.now()):
        return "survey:instructions"
    return "survey:pair"
