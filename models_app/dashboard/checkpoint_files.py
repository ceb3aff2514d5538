"""A checkpoint's files: its weights as they are stored, and its model card."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.findings.model_cards import card_make, file_stem, weights_name
from models_app.models import Checkpoint
from models_app.selectors import model_registry as selectors
from survey.roles import analyst_required


@require_GET
@analyst_required
@never_cache
def card(_request: HttpRequest, pk: int) -> JsonResponse:
    """What it is, what it came from and how well it does."""
    found = _checkpoint_or_404(pk)
    shown = {"indent": 2, "ensure_ascii": False}
    response = JsonResponse(card_make(found), json_dumps_params=shown)
    name = f"{file_stem(found)}.card.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_GET
@analyst_required
def weights(_request: HttpRequest, pk: int) -> HttpResponseBase:
    """The stored file, byte for byte: its hash is the one that the card names."""
    found = _checkpoint_or_404(pk)
    try:
        file = default_storage.open(found.file, "rb")
    except FileNotFoundError:
        raise Http404(_("The file of these weights is gone from the storage.")) from None
    response = FileResponse(
        file,
        as_attachment=True,
        filename=weights_name(found),
        content_type="application/octet-stream",
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _checkpoint_or_404(pk: int) -> Checkpoint:
    found = selectors.checkpoint_whole(pk)
    if found is None:
        raise Http404(_("There is no such checkpoint; it may have been deleted."))
    return found
