"""What went wrong -> HTTP, once; every refusal of the API has the same shape."""

from typing import Any, cast

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.defaults import page_not_found
from rest_framework.exceptions import APIException, ParseError, Throttled, ValidationError
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler as rest_exception_handler

from survey.errors import SessionMissing, SurveyError

ADDRESS = "/api/survey/"
# What Django raises when it cannot read a request: too large, too many fields, broken parts.
UNREADABLE = (BadRequest, SuspiciousOperation, MultiPartParserError)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer {"code", "detail"}, and "fields" where single fields were wrong."""
    if isinstance(error, SessionMissing):
        detail = _("There is no session here; open the survey's start page.")
        return Response({"code": error.code, "detail": detail}, status=error.status)
    if isinstance(error, SurveyError):
        return Response({"code": error.code, "detail": str(error)}, status=error.status)
    if isinstance(error, UNREADABLE):
        error = ParseError(_("The body of this request cannot be read; send JSON."))
    response = rest_exception_handler(error, context)
    if response is not None:
        response.data = _refusal(error, response)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 404 as the API does below its address, and with a page elsewhere."""
    if not request.path_info.startswith(ADDRESS):
        return page_not_found(request, exception)
    detail = _("There is no such address in the API; all of them stand in its description.")
    return JsonResponse({"code": "not-found", "detail": detail}, status=404)


def _refusal(error: Exception, response: Response) -> dict[str, Any]:
    """`response` is REST framework's, with its status and headers."""
    if isinstance(error, ValidationError):
        fields = cast("dict[str, list[str]]", error.detail)
        detail = " ".join(
            texts[0] if name == api_settings.NON_FIELD_ERRORS_KEY else f"{name}: {texts[0]}"
            for name, texts in fields.items()
        )
        return {"code": "invalid", "detail": detail, "fields": fields}
    if isinstance(error, Throttled):
        seconds = int(response["Retry-After"])
        detail = ngettext(
            "Too many requests; try again in %(n)d second.",
            "Too many requests; try again in %(n)d seconds.",
            seconds,
        ) % {"n": seconds}
        return {"code": "throttled", "detail": detail}
    if isinstance(error, APIException):
        return {"code": _code(str(error.get_codes())), "detail": str(error.detail)}
    # Http404 and PermissionDenied of Django, which REST framework has just translated.
    return {"code": _code(response.data["detail"].code), "detail": str(response.data["detail"])}


def _code(name: str) -> str:
    return name.replace("_", "-")
