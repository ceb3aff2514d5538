"""One small class per operation; permission and caller named on each."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from survey import results
from survey.api.authentication import CookieAuthentication
from survey.api.serializers import ProgressOutput, SkipInput, VoteInput, progress_data
from survey.models import Session, Survey
from survey.requests import session_of, survey_or_404
from survey.services.sessions import trials_lease
from survey.services.votes import trial_skip, vote_record


class ParticipantView(APIView):
    """Called by a participant's browser; the session comes from its cookie."""

    authentication_classes = [CookieAuthentication]
    permission_classes = [AllowAny]

    def participant_session(self, request: HttpRequest, slug: str) -> tuple[Survey, Session]:
        survey = survey_or_404(slug)
        session = session_of(request, survey)
        if session.participant.consented_at is None:
            raise PermissionDenied(_("Please read and accept the consent page first."))
        return survey, session


class PairView(ParticipantView):
    @extend_schema(request=None, responses=ProgressOutput, operation_id="pair_lease")
    def post(self, request: Request, slug: str) -> Response:
        """Return the open pair and the next one; the same until one is answered."""
        _survey, session = self.participant_session(request, slug)
        return Response(progress_data(trials_lease(session), slug))


class VoteView(ParticipantView):
    @extend_schema(request=VoteInput, responses=ProgressOutput, operation_id="vote_record")
    def post(self, request: Request, slug: str) -> Response:
        """Record a vote; the answer comes when it is durable, and carries what is next."""
        _survey, session = self.participant_session(request, slug)
        given = VoteInput(data=request.data)
        given.is_valid(raise_exception=True)
        progress = vote_record(
            session,
            token=given.validated_data["token"],
            answer=given.validated_data["answer"],
            viewing=given.viewing(),
        )
        return Response(progress_data(progress, slug))


class SkipView(ParticipantView):
    @extend_schema(request=SkipInput, responses=ProgressOutput, operation_id="trial_skip")
    def post(self, request: Request, slug: str) -> Response:
        """End a trial whose pictures cannot be shown."""
        _survey, session = self.participant_session(request, slug)
        given = SkipInput(data=request.data)
        given.is_valid(raise_exception=True)
        progress = trial_skip(session, **given.validated_data)
        return Response(progress_data(progress, slug))


class ResultsView(APIView):
    permission_classes = [IsAdminUser]

    @extend_schema(responses=OpenApiResponse(description="counts, shares with intervals, ledger"))
    def get(self, request: Request, slug: str) -> Response:
        """Results so far; staff previews left out."""
        return Response(results.survey_results(survey_or_404(slug)))
