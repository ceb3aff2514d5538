"""What the pages of NIMA checks and of diversity checks share."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _

from models_app.models import Job
from models_app.selectors import findings as selectors
from survey.roles import Role, has_role


def check_or_404(kind: str, pk: int) -> Job:
    job = selectors.check_get(kind, pk)
    if job is None:
        raise Http404(_("There is no such check; it may have been deleted."))
    return job


def check_context(request: HttpRequest, job: Job) -> dict[str, Any]:
    """What every result page says of its job."""
    return {
        "job": job,
        "may_act": has_role(request.user, Role.ADMIN),
        "is_live": not job.is_over,
    }


def percents(estimate: dict[str, Any] | None) -> dict[str, Any] | None:
    """Add to a share what a template can print: value, low and high in %."""
    if estimate is None:
        return None
    return {**estimate, "percent": {end: 100 * estimate[end] for end in ("value", "low", "high")}}


def download(lines: Iterator[str], name: str, kind: str = "text/csv") -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
