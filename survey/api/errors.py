"""SurveyError -> HTTP, once."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_exception_handler

from survey.errors import SessionMissing, SurveyError


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, SessionMissing):
        detail = _("There is no session here; open the survey's start page.")
        return Response({"code": error.code, "detail": detail}, status=error.status)
    if isinstance(error, SurveyError):
        return Response({"code": error.code, "detail": str(error)}, status=error.status)
    return rest_exception_handler(error, context)
