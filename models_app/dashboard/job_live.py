"""Answers that a page asks for again and again: nothing where nothing has changed."""

import hashlib
import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response


def answer(request: HttpRequest, body: dict[str, Any]) -> HttpResponse:
    """JSON with an ETag, or 304. `body` holds no time of its own: it would always be news."""
    content = json.dumps(body, separators=(",", ":"))
    tag = f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type="application/json")
    response["ETag"] = tag
    # Kept by nobody but the page's own script, which sends the tag back.
    response["Cache-Control"] = "private, no-store"
    return get_conditional_response(request, etag=tag, response=response) or response
