"""What can go wrong in a survey, and the HTTP status of each (mapped once, in api/errors.py)."""


class SurveyError(Exception):
    """Its text is one sentence for the person: what was wrong, what is allowed, what to do."""

    status = 400
    code = "invalid"


class SurveyInvalid(SurveyError):
    code = "invalid"


class SurveyFrozen(SurveyError):
    status = 409
    code = "frozen"


class SurveyClosed(SurveyError):
    status = 409
    code = "closed"


class SessionMissing(SurveyError):
    status = 403
    code = "no-session"


class AssignmentGone(SurveyError):
    status = 409
    code = "gone"


class AnswerConflict(SurveyError):
    status = 409
    code = "conflict"


class UndoRefused(SurveyError):
    status = 409
    code = "no-undo"


class SkipRefused(SurveyError):
    status = 409
    code = "no-skip"
