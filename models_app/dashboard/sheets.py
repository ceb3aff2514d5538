"""One photo's whole family: the page, asking for it, waiting for it, its pictures."""

from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from models_app.dashboard.views import person
from models_app.distortions.catalogue import Preset
from models_app.distortions.registry import PRESET, PRESETS
from models_app.models import ContactSheet, Job, Photo
from models_app.selectors import pictures as selectors
from models_app.services import contact_sheets
from models_app.sheets.drawing import GAP
from models_app.sheets.rows import groups_make
from survey.roles import analyst_required

# So long a worker may take to begin before the page doubts that there is one.
PATIENCE_S = 20
State = ContactSheet.State


class _Unknown(Exception):
    """The address names something that is not there; the text says what there is."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    photo: Photo
    preset: Preset

    @property
    def query(self) -> str:
        return urlencode({"photo": str(self.photo.pk), "preset": self.preset.key})


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Show a photo's contact sheet, or what has to happen before it can be shown."""
    try:
        chosen = _chosen(request.GET)
    except _Unknown as unknown:
        said = {"unknown": str(unknown)}
        return render(request, "dashboard/distortions.html", said, status=404)
    if chosen is None:
        return render(request, "dashboard/distortions.html", {"empty": True})
    sheet = selectors.sheet_get(chosen.photo, chosen.preset.key)
    context: dict[str, Any] = {
        "photo": chosen.photo,
        "preset": chosen.preset.key,
        "query": chosen.query,
        "place": selectors.photo_place(chosen.photo),
        "datasets": selectors.datasets_shown(),
        "presets": [(preset.key, _(preset.label)) for preset in PRESETS.values()],
        "sheet": sheet,
        **_stage(sheet),
    }
    if sheet is not None and sheet.state == State.READY:
        context |= _family(chosen.preset, sheet)
    return render(request, "dashboard/distortions.html", context)


@require_POST
@analyst_required
def ask(request: HttpRequest) -> HttpResponse:
    """Ask a worker for a sheet and go to its page; repeating it adds nothing."""
    chosen = _chosen_or_404(request.POST)
    again = request.POST.get("again") == "1"
    by = person(request)
    contact_sheets.sheet_ask(chosen.photo, preset=chosen.preset.key, again=again, by=by)
    return redirect(f"{reverse('models_dashboard:distortions')}?{chosen.query}")


@require_GET
@analyst_required
@never_cache
def state(request: HttpRequest) -> JsonResponse:
    """Say how far a sheet is, as JSON: {state, said}."""
    chosen = _chosen_or_404(request.GET)
    return JsonResponse(_stage(selectors.sheet_get(chosen.photo, chosen.preset.key)))


@require_GET
@analyst_required
def strip(request: HttpRequest, sheet: int, key: str) -> HttpResponseBase:
    """Stream the pictures of one distortion; a client gives keys, never a path."""
    name = selectors.strip_file(sheet, key)
    if not name:
        raise Http404
    try:
        file = default_storage.open(name, "rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(file, content_type="image/jpeg")
    # Its address changes when it is made again.
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response


def _stage(sheet: ContactSheet | None) -> dict[str, Any]:
    """One word for scripts and one sentence for people."""
    if sheet is None:
        return {"state": "absent", "said": _("A worker is asked to render this photo.")}
    if sheet.state == State.READY:
        return {"state": "ready", "said": ""}
    if sheet.job is None or selectors.sheet_failed(sheet):
        gone = _("The job that was to render this photo was cancelled or deleted.")
        return {"state": "failed", "said": (sheet.job and sheet.job.error) or gone}
    if sheet.job.state == Job.State.RUNNING:
        pictures = len(PRESETS[sheet.preset].variants)
        said = _("A worker renders %(n)d pictures of this photo; it takes some seconds.")
        return {"state": "rendering", "said": said % {"n": pictures}}
    if (timezone.now() - sheet.asked_at).total_seconds() < PATIENCE_S:
        return {"state": "waiting", "said": _("Waiting for a worker to begin.")}
    said = _(
        "No worker has begun for %(n)d seconds: it may be busy, or none is running. “make run” "
        "starts one; the pictures then appear here by themselves."
    )
    return {"state": "waiting", "said": said % {"n": PATIENCE_S}}


def _family(preset: Preset, sheet: ContactSheet) -> dict[str, Any]:
    groups = groups_make(preset.key)
    shown = [
        {
            "group": group,
            "rows": [
                {
                    "row": row,
                    "url": _strip_url(sheet, row.key),
                    "width": sheet.cell_width * row.columns,
                    "height": sheet.cell_height,
                }
                for row in group.rows
            ],
        }
        for group in groups
    ]
    side = max(sheet.cell_width - GAP, sheet.cell_height)
    return {
        "groups": shown,
        "pictures": len(preset.variants),
        "side": side,
        "outdated": sheet.made_with != sheet.version,
    }


def _strip_url(sheet: ContactSheet, key: str) -> str:
    if key not in sheet.files:
        return ""
    url = reverse("models_dashboard:strip", args=[sheet.pk, key])
    made = sheet.made_at.timestamp() if sheet.made_at else 0
    return f"{url}?{urlencode({'made': round(1000 * made)})}"


def _chosen_or_404(query: QueryDict) -> _Chosen:
    try:
        chosen = _chosen(query)
    except _Unknown as unknown:
        raise Http404 from unknown
    if chosen is None:
        raise Http404
    return chosen


def _chosen(query: QueryDict) -> _Chosen | None:
    """Find the photo and the preset of an address; None where there is no photo at all.

    With a dataset and a photo of another one, the dataset counts: somebody has just chosen it.
    """
    preset = query.get("preset") or PRESET
    if preset not in PRESETS:
        raise _Unknown(
            _("There are no levels %(key)r; there are %(keys)s.")
            % {"key": preset, "keys": ", ".join(PRESETS)}
        )
    wanted, dataset = query.get("photo"), query.get("dataset")
    photo = None
    if wanted:
        photo = selectors.photo_get(_key(wanted))
        if photo is None:
            raise _Unknown(_("There is no photo %(key)s.") % {"key": wanted[:40]})
    if photo is None or (dataset and str(photo.dataset_id) != dataset):
        photo = selectors.photo_first(_key(dataset) if dataset else None)
        if photo is None and dataset:
            raise _Unknown(_("There is no dataset %(key)s with photos.") % {"key": dataset[:40]})
    return None if photo is None else _Chosen(photo, PRESETS[preset])


def _key(text: str) -> int:
    """Read a database key; what cannot be one is a key that nothing has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
