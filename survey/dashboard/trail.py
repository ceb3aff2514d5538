"""The audit trail: a page and a download. For admins."""

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from survey import audit
from survey.roles import admin_required

# A key is a 64-bit integer; a database refuses to compare with more.
LARGEST = 2**63 - 1


def _filters(request: HttpRequest) -> audit.Filters:
    given = [request.GET.get(name, "") for name in ("action", "actor")]
    # PostgreSQL takes no NUL in a text, so nothing is called that.
    if any("\0" in text for text in given):
        raise Http404
    return audit.Filters(*given)


def _before(request: HttpRequest) -> int | None:
    text = request.GET.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > LARGEST:
        raise Http404
    return int(text)


def _query(filters: audit.Filters, **more: int) -> str:
    given: dict[str, str | int] = {"action": filters.action, "actor": filters.actor, **more}
    return urlencode({name: value for name, value in given.items() if value})


@require_GET
@admin_required
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Newest first, filtered by action and person, a page at a time."""
    filters = _filters(request)
    before = _before(request)
    found = audit.page_get(filters, before=before)
    rows = [(entry, audit.detail_text(entry)) for entry in found.entries]
    context = {
        "filters": filters,
        "rows": rows,
        "actions": audit.actions_known(),
        "actors": audit.actors_known(),
        "query": _query(filters),
        "older": _query(filters, before=found.older) if found.older else "",
        "is_first": before is None,
    }
    return render(request, "dashboard/audit.html", context)


@require_GET
@admin_required
def download(request: HttpRequest) -> StreamingHttpResponse:
    lines = audit.audit_csv(_filters(request))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response
