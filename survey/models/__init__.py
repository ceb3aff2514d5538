from survey.models.audit import AuditEntry
from survey.models.invitation import Invitation
from survey.models.participation import Assignment, Participant, Session, Side, Vote
from survey.models.survey import ORIGINAL, Condition, Stimulus, Survey

__all__ = [
    "ORIGINAL",
    "Assignment",
    "AuditEntry",
    "Condition",
    "Invitation",
    "Participant",
    "Session",
    "Side",
    "Stimulus",
    "Survey",
    "Vote",
]
