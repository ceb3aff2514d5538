"""What every operation has: limits, one shape of refusals, and for whom it is."""

from typing import Any, ClassVar

from django.http import Http404
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from survey.api.permissions import Analyst, TokensRead
from survey.api.throttles import ParticipantThrottle, StaffThrottle, StrangerThrottle
from survey.api.tokens import PersonalTokenAuthentication
from survey.errors import SessionMissing

# Who has no token, no log-in and no session, or asks for what is not there.
MISSES = (NotAuthenticated, AuthenticationFailed, SessionMissing, Http404)


class ApiView(APIView):
    """Every view of the API. An address that only ever guesses is refused before any query."""

    # For the schema: the group in its list of operations, and the statuses of refusals.
    tag: ClassVar[str]
    refusals: ClassVar[tuple[int, ...]]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        strangers = StrangerThrottle()
        if not strangers.allow_request(request, self):
            raise Throttled(wait=strangers.wait())
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, MISSES):
            StrangerThrottle().missed(self.request, self)
        return super().handle_exception(exc)


class StaffView(ApiView):
    """For analysts and admins, by log-in or token; it only reads."""

    authentication_classes = [PersonalTokenAuthentication, SessionAuthentication]
    permission_classes = [Analyst, TokensRead]
    throttle_classes = [StaffThrottle]
    tag = "analysts"
    refusals: ClassVar[tuple[int, ...]] = (401, 403, 429)


class SessionView(ApiView):
    """For a participant's browser; the session of its cookie is all that it can reach."""

    throttle_classes = [ParticipantThrottle]
    tag = "participants"
    refusals: ClassVar[tuple[int, ...]] = (400, 403, 404, 409, 413, 415, 429)
