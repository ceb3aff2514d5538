"""How the API describes itself: what drf-spectacular cannot see in the views."""

import re
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

if TYPE_CHECKING:
    from survey.api.base import ApiView

MEANINGS: dict[int, str | Promise] = {
    400: _("The body or a parameter is wrong; `fields` says which and why."),
    401: _("Neither a log-in nor a token that works."),
    403: _("Not for this caller: no session, no consent yet, or no role that may."),
    404: _("There is no such survey, or no such page of the list."),
    409: _("Not possible any more, or not yet; the survey or the pair has changed."),
    413: _("The body is larger than 64 KiB."),
    415: _("The body is not `application/json`."),
    429: _("Too many requests this minute; `Retry-After` says when to go on."),
}
COMMON: dict[int, dict[str, Any]] = {
    400: {
        "code": "invalid",
        "detail": "page: A valid integer is required.",
        "fields": {"page": ["A valid integer is required."]},
    },
    401: {"code": "not-authenticated", "detail": "Authentication credentials were not provided."},
    403: {
        "code": "permission-denied",
        "detail": "This is for people with the role analyst or admin; ask whoever runs this site.",
    },
    404: {"code": "not-found", "detail": "Not found."},
    409: {"code": "closed", "detail": "This survey is closed; nothing was recorded."},
    413: {
        "code": "too-large",
        "detail": "The body is larger than 64 KiB; send one answer at a time.",
    },
    415: {
        "code": "unsupported-media-type",
        "detail": 'Unsupported media type "text/plain" in request.',
    },
    429: {"code": "throttled", "detail": "Too many requests; try again in 12 seconds."},
}
# Where a participant meets another refusal than an analyst.
PARTICIPANTS: dict[int, dict[str, Any]] = {
    400: {
        "code": "invalid",
        "detail": "response_ms: A valid integer is required.",
        "fields": {"response_ms": ["A valid integer is required."]},
    },
    403: {
        "code": "no-session",
        "detail": "There is no session here; open the survey's start page.",
    },
}
EXAMPLES: dict[str, dict[int, dict[str, Any]]] = {
    "analysts": COMMON,
    "participants": COMMON | PARTICIPANTS,
}


class Error(serializers.Serializer[Any]):
    """Every refusal; `detail` is one sentence for the person, `code` is for programs."""

    code = serializers.CharField()
    detail = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]  # the name is the API's
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="by field, what was wrong with it",
    )


SLUG = OpenApiParameter(
    "slug",
    str,
    OpenApiParameter.PATH,
    description="the survey's short name",
    pattern="^[-a-zA-Z0-9_]+$",
)
WAIT = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    description="seconds until the next request may come",
    response=[429],
)


class Schema(AutoSchema):
    """Adds to each operation its group, its refusals in their one shape, and Retry-After."""

    view: "ApiView"  # type: ignore[override]  # the only views there are

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_auth(self) -> list[dict[str, Any]]:
        """Drop "or nobody at all": a participant's view asks for a session by itself."""
        return [needed for needed in super().get_auth() if needed]

    def get_override_parameters(self) -> list[Any]:
        found = [*super().get_override_parameters(), WAIT]
        if "{slug}" in self.path:
            found.append(SLUG)
        return found

    def get_summary(self) -> str:
        """Return what the docstring says before its first stop."""
        return re.split(r"[.;\n]", self.get_description())[0]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for done in bodies.values():
            done["description"] = done["description"] or str(_("what was asked for"))
        for status in self.view.refusals:
            example = EXAMPLES[self.view.tag][status]
            answer = OpenApiResponse(
                Error,
                description=str(MEANINGS[status]),
                examples=[OpenApiExample(example["code"], value=example)],
            )
            bodies[str(status)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                answer, str(status), None, direction
            )
        return bodies
