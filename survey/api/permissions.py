"""Who may call: analysts and admins, by log-in or token; a token only reads."""

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from survey.models import PersonalToken
from survey.roles import AnalystPermission


class Analyst(AnalystPermission):
    message = _("This is for people with the role analyst or admin; ask whoever runs this site.")


class TokensRead(BasePermission):
    """Whatever the owner may change on pages, a token that leaked must not."""

    message = _("A token only reads; log in to change something.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        # A method that the view does not know is refused as that, whoever asks.
        return (
            not isinstance(request.auth, PersonalToken)
            or request.method in SAFE_METHODS
            or request.method not in view.allowed_methods
        )
