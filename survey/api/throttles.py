"""How often somebody may call; counted a minute at a time, without a query (survey/limits.py)."""

from typing import ClassVar

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from survey.limits import address, count, counted, seconds_left
from survey.requests import session_key


class MinuteThrottle(BaseThrottle):
    """Calls of one caller in the present minute of the clock."""

    scope: ClassVar[str]

    def caller(self, request: Request, view: APIView) -> str:
        """Return a text that is the same for the same caller."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: APIView) -> bool:
        allowed = settings.API_PER_MINUTE[self.scope]
        return allowed == 0 or count(self.scope, self.caller(request, view)) <= allowed

    def wait(self) -> float:
        """Seconds to the next minute."""
        return seconds_left()


class StrangerThrottle(MinuteThrottle):
    """By address; counts only what was refused for want of a session, a log-in or a token.

    Who has one of these at the same address goes on only after that minute, too: so the limit is
    far above what a room full of people ever does by mistake.
    """

    scope = "stranger"

    def caller(self, request: Request, view: APIView) -> str:
        return address(request)

    def allow_request(self, request: Request, view: APIView) -> bool:
        allowed = settings.API_PER_MINUTE[self.scope]
        return allowed == 0 or counted(self.scope, self.caller(request, view)) < allowed

    def missed(self, request: Request, view: APIView) -> None:
        count(self.scope, self.caller(request, view))


class ParticipantThrottle(MinuteThrottle):
    """By the session of the browser's cookie, so that a room behind one address is no crowd."""

    scope = "participant"

    def caller(self, request: Request, view: APIView) -> str:
        held = session_key(request, view.kwargs["slug"])
        return f"session {held}" if held else f"address {address(request)}"


class StaffThrottle(MinuteThrottle):
    """By person, over all of their tokens and browsers."""

    scope = "staff"

    def caller(self, request: Request, view: APIView) -> str:
        return f"user {request.user.pk}"


class DocsThrottle(StaffThrottle):
    """The schema is built anew for each request."""

    scope = "docs"
