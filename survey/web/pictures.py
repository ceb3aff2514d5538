"""The two pictures of a presentation, alike in everything but their pixels."""

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from survey.requests import session_keys
from survey.selectors.sessions import PictureFile, picture_get


@require_safe
def picture(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Send one side of a presentation, padded so that both sides have equal length.

    Every header is the same for both sides; nothing names the file.
    """
    found = _found(request, slug, token)
    if found is None:
        raise Http404
    try:
        # All of it before anything is answered: afterwards it would be too late for a 404.
        with default_storage.open(found.file, "rb") as file:
            content: bytes = file.read()
    except FileNotFoundError:
        raise Http404 from None
    response = HttpResponse(padded(content, found.length), content_type=found.content_type)
    response["Content-Length"] = str(found.length)
    # Kept by this browser for the session only: the address is good for one presentation.
    response["Cache-Control"] = "private, max-age=3600, immutable"
    return response


def _found(request: HttpRequest, slug: str, token: str) -> PictureFile | None:
    """Look among the sessions of this browser: one query, two where it holds a preview, too.

    The address names no session: both pictures are asked for in the same way, and of two pages
    each gets its own.
    """
    for key in session_keys(request, slug):
        found = picture_get(token, session_key=key)
        if found is not None:
            return found
    return None


def padded(content: bytes, length: int) -> bytes:
    """Lengthen with zeros: browsers ignore bytes after JPEG's EOI marker and PNG's IEND chunk."""
    return content.ljust(length, b"\0")
