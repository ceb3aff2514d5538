"""SurveyError -> HTTP, once."""

from typing import Any, cast

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_exception_handler

from survey.errors import SessionMissing, SurveyError


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, SessionMissing):
        detail = _("There is no session here; open the survey's start page.")
        return Response({"code": error.code, "detail": detail}, status=error.status)
    if isinstance(error, SurveyError):
        return Response({"code": error.code, "detail": str(error)}, status=error.status)
    if isinstance(error, ValidationError):
        fields = cast("dict[str, list[str]]", error.detail)
        detail = " ".join(f"{name}: {texts[0]}" for name, texts in fields.items())
        return Response({"code": "invalid", "detail": detail, "fields": fields}, status=400)
    return rest_exception_handler(error, context)
