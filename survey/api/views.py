"""One small class per operation; permission and caller named on each."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from survey.api.authentication import CookieAuthentication
from survey.api.base import SessionView
from survey.api.serializers import (
    BreakInput,
    ProgressOutput,
    SkipInput,
    UndoInput,
    VoteInput,
    progress_data,
    vote_read,
)
from survey.models import Session
from survey.requests import session_address, session_of
from survey.services.breaks import break_begin, break_end
from survey.services.leasing import Progress, trials_lease
from survey.services.votes import trial_skip, vote_record, vote_undo


class ParticipantView(SessionView):
    """Called by a participant's browser; the session comes from its cookie."""

    authentication_classes = [CookieAuthentication]
    permission_classes = [AllowAny]

    def participant_session(self, request: HttpRequest, slug: str) -> Session:
        """The session of the browser's cookie; one query."""
        session = session_of(request, slug)
        if session.participant.consented_at is None:
            raise PermissionDenied(_("Please read and accept the consent page first."))
        return session

    def stands(self, request: HttpRequest, session: Session, progress: Progress) -> Response:
        """Answer where the session stands."""
        end = session_address(request, session, "survey:done")
        return Response(progress_data(progress, session.participant.survey.slug, end=end))


class PairView(ParticipantView):
    @extend_schema(request=None, responses=ProgressOutput, operation_id="pair_lease")
    def post(self, request: Request, slug: str) -> Response:
        """Return the open pair and the next one; the same until one is answered."""
        session = self.participant_session(request, slug)
        return self.stands(request, session, trials_lease(session))


class VoteView(ParticipantView):
    @extend_schema(request=VoteInput, responses=ProgressOutput, operation_id="vote_record")
    def post(self, request: Request, slug: str) -> Response:
        """Record a vote; the answer comes when it is durable, and carries what is next."""
        session = self.participant_session(request, slug)
        token, answer, viewing = vote_read(request.data)
        progress = vote_record(session, token=token, answer=answer, viewing=viewing)
        return self.stands(request, session, progress)


class SkipView(ParticipantView):
    @extend_schema(request=SkipInput, responses=ProgressOutput, operation_id="trial_skip")
    def post(self, request: Request, slug: str) -> Response:
        """Pass a pair by, with a reason; it gets no vote and another pair comes instead."""
        session = self.participant_session(request, slug)
        given = SkipInput(data=request.data)
        given.is_valid(raise_exception=True)
        progress = trial_skip(session, **given.validated_data)
        return self.stands(request, session, progress)


class UndoView(ParticipantView):
    @extend_schema(request=UndoInput, responses=ProgressOutput, operation_id="vote_undo")
    def post(self, request: Request, slug: str) -> Response:
        """Take the last vote back; its pair comes again, and both answers are kept."""
        session = self.participant_session(request, slug)
        given = UndoInput(data=request.data)
        given.is_valid(raise_exception=True)
        progress = vote_undo(session, **given.validated_data)
        return self.stands(request, session, progress)


class BreakView(ParticipantView):
    @extend_schema(request=BreakInput, responses=BreakInput, operation_id="break_note")
    def post(self, request: Request, slug: str) -> Response:
        """Note that a break begins or ends; repeating it changes nothing."""
        session = self.participant_session(request, slug)
        given = BreakInput(data=request.data)
        given.is_valid(raise_exception=True)
        if given.validated_data["resting"]:
            break_begin(session)
        else:
            break_end(session)
        return Response(given.data)
