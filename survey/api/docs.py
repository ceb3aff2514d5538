"""The API's description, for programs (OpenAPI) and for people (a page)."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation

from survey.api.base import StaffView
from survey.api.throttles import DocsThrottle
from survey.roles import analyst_required


class SchemaView(StaffView, SpectacularAPIView):
    """OpenAPI as YAML, or as JSON for whoever accepts that."""

    throttle_classes = [DocsThrottle]
    content_negotiation_class = DefaultContentNegotiation


class DocsView(StaffView, SpectacularSwaggerSplitView):
    url_name = "schema"
    template_name = "dashboard/api.html"
    title = "API"


_docs: Any = DocsView.as_view()


@require_GET
@analyst_required
def docs(request: HttpRequest) -> HttpResponseBase:
    """Send people without a log-in there, which a view of the API would not."""
    return _docs(request)  # type: ignore[no-any-return]
