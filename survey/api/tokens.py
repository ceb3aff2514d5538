"""Who calls: a script, by the personal token of whoever runs it."""

from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from survey.models import PersonalToken
from survey.services.tokens import token_use


class PersonalTokenAuthentication(TokenAuthentication):
    """`Authorization: Bearer proof_…`; a token carries no cookie, so CSRF is no matter here."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, PersonalToken]:
        """Raise AuthenticationFailed, with one text for every reason.

        Knox's own reads every token of the owner and deletes what expired; and a header that is
        not UTF-8 would be an error of the server.
        """
        found = token_use(token.decode("latin-1"))
        if found is None:
            raise AuthenticationFailed(
                _(
                    "This token does not work: it expired, it was revoked, its owner was "
                    "deactivated, or a part of it is missing. Make a new one on the page "
                    "API tokens."
                )
            )
        return found.user, found


class PersonalTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = PersonalTokenAuthentication
    name = "token"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "a personal token of an analyst or admin; it reads, and changes nothing",
        }
