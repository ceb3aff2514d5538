from survey.models.participation import Assignment, Participant, Session, Side, Vote
from survey.models.survey import ORIGINAL, Condition, Stimulus, Survey

__all__ = [
    "ORIGINAL",
    "Assignment",
    "Condition",
    "Participant",
    "Session",
    "Side",
    "Stimulus",
    "Survey",
    "Vote",
]
