from survey.models.audit import AuditEntry
from survey.models.counts import Exposure, Tally
from survey.models.invitation import Invitation
from survey.models.participation import Assignment, Origin, Participant, Session, Side, Vote
from survey.models.survey import ORIGINAL, Condition, Stimulus, Survey
from survey.models.taking_part import Break, SurveyInvite
from survey.models.tokens import PersonalToken

__all__ = [
    "ORIGINAL",
    "Assignment",
    "AuditEntry",
    "Break",
    "Condition",
    "Exposure",
    "Invitation",
    "Origin",
    "Participant",
    "PersonalToken",
    "Session",
    "Side",
    "Stimulus",
    "Survey",
    "SurveyInvite",
    "Tally",
    "Vote",
]
