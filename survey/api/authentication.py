"""Who calls: a participant's browser by its cookie, staff by their log-in."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from survey.requests import cookie_name


class CookieAuthentication(SessionAuthentication):
    """Nobody's account: the survey's own cookie says who answers (survey/requests.py).

    CSRF is checked for everybody, and no log-in is looked up: a vote costs no query for it.
    """

    def authenticate(self, request: Request) -> None:
        self.enforce_csrf(request)


# The library's base class has no types.
class CookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = CookieAuthentication
    name = ["participant", "csrf"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {
                "type": "apiKey",
                "in": "cookie",
                "name": cookie_name("{slug}"),
                "description": "set on the start page of the survey with that slug: one browser "
                "can take part in several; where it holds a staff preview, too, the header "
                "X-Session-Mark says which of the two a page is of",
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-CSRFToken",
                "description": "the value of the cookie `csrftoken`",
            },
        ]


class LoginScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = SessionAuthentication
    name = "login"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "somebody who is logged in to the dashboard",
        }
