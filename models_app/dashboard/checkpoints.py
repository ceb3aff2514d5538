"""Checkpoints: the list, one, importing, deleting."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from analysis.metrics import REGISTRY as METRICS
from models_app.dashboard.checkpoint_words import origins
from models_app.dashboard.forms import LaunchForm, Shown
from models_app.dashboard.job_pages import results_url
from models_app.dashboard.views import person
from models_app.errors import JobConflict, JobError, JobInvalid
from models_app.findings.agreement import learnt_generated
from models_app.findings.model_cards import weights_name
from models_app.findings.words import architecture_words, checkpoint_shown
from models_app.jobs import words
from models_app.jobs.kinds.import_checkpoint import proposed
from models_app.jobs.registry import kind_get
from models_app.models import Checkpoint, Evaluation
from models_app.networks.architectures import ANY, REGISTRY, architecture_get, architecture_keys
from models_app.networks.errors import NetworkError
from models_app.selectors import findings as selectors
from models_app.selectors import model_registry as registry_selectors
from models_app.services import checkpoints
from models_app.services.checkpoint_notes import LONGEST, notes_key, notes_write
from survey.roles import Role, admin_required, analyst_required, has_role
from survey.uploads import FORM_BYTES, files_take, length_told

# Of an evaluation, on a checkpoint's page; the others one click deeper.
SHOWN = ("srcc", "lcc", "accuracy", "majority", "mae", "emd")
INPUT_FIELDS = ("resize", "crop", "mode", "interpolation", "normalisation", "mean", "sd")


@require_GET
@analyst_required
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    found = selectors.checkpoints_shown()
    came = origins(found)
    rows = [
        {**checkpoint_shown(each), "users": getattr(each, "users", 0), "origin": came[each.pk]}
        for each in found
    ]
    context = {
        "rows": rows,
        "has_judge": any(row["checkpoint"].purpose == Checkpoint.Purpose.JUDGE for row in rows),
        "may_act": has_role(request.user, Role.ADMIN),
    }
    return render(request, "dashboard/checkpoints.html", context)


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    found = _checkpoint_or_404(pk)
    return _page(request, found)


@require_POST
@admin_required
def notes(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what people know of it; what cannot be stored stays in the form."""
    found = _checkpoint_or_404(pk)
    text = request.POST.get("notes", "")
    try:
        notes_write(found, text, known=request.POST.get("known", ""), by=person(request))
    except JobError as error:
        status = 409 if isinstance(error, JobConflict) else 400
        return _page(request, found, notes=text, notes_error=str(error), status=status)
    messages.success(request, _("The notes are stored."))
    return redirect("models_dashboard:checkpoint", pk)


def _page(
    request: HttpRequest,
    found: Checkpoint,
    *,
    notes: str | None = None,
    notes_error: str = "",
    status: int = 200,
) -> HttpResponse:
    """Everything known of a checkpoint; seven queries, one an ancestor, and those of the role."""
    made_by = found.made_by
    context = {
        **checkpoint_shown(found),
        "made_by": made_by,
        "results_url": results_url(made_by) if made_by else "",
        "made_from": words.options(made_by) if made_by else [],
        "generated_labels": learnt_generated(found),
        "ancestry": registry_selectors.ancestry(found),
        "children": selectors.checkpoint_children(found),
        "scores": [
            {"evaluation": each, "figures": _figures(each)}
            for each in registry_selectors.scores_by_split(found).values()
        ],
        "metrics": [METRICS[key].label for key in SHOWN],
        "users": selectors.checkpoint_users(found),
        "came_of": origins([found])[found.pk],
        "photos_scored": selectors.photos_scored(found),
        "weights_name": weights_name(found),
        "notes": found.notes if notes is None else notes,
        "notes_error": notes_error,
        "notes_key": notes_key(found),
        "notes_most": LONGEST,
        "may_act": has_role(request.user, Role.ADMIN),
    }
    return render(request, "dashboard/checkpoint.html", context, status=status)


def _figures(evaluation: Evaluation) -> list[dict[str, Any] | None]:
    """One evaluation's readings in the order of the table's columns; None where one is missing."""
    readings = evaluation.metrics.get("metrics") or {}
    return [readings.get(key) for key in SHOWN]


@require_GET
@analyst_required
def imported(_request: HttpRequest, pk: int) -> HttpResponse:
    """From the job of an import to what it made."""
    job = selectors.check_get(checkpoints.KIND, pk)
    if job is None:
        raise Http404(_("There is no such import; it may have been deleted."))
    if job.checkpoint_id is None:
        return redirect("models_dashboard:checkpoints")
    return redirect("models_dashboard:checkpoint", job.checkpoint_id)


@require_POST
@admin_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = _checkpoint_or_404(pk)
    try:
        checkpoints.checkpoint_delete(found, by=person(request))
    except JobConflict as error:
        messages.error(request, str(error))
        return redirect("models_dashboard:checkpoint", pk)
    messages.success(request, _("Checkpoint %(name)s is deleted.") % {"name": found.name})
    return redirect("models_dashboard:checkpoints")


@csrf_exempt
@require_http_methods(["GET", "POST"])
@admin_required
@never_cache
def take(request: HttpRequest) -> HttpResponseBase:
    """The form of an import, and its file.

    The token of the form is checked by `_take`: the usual check reads the whole upload first,
    also of people who may not send one, and of files that are too large.
    """
    if request.method == "POST":
        length = length_told(request)
        if length > checkpoints.max_bytes() + FORM_BYTES:
            form = LaunchForm(kind_get(checkpoints.KIND))
            form.errors["file"] = checkpoints.too_large(length)
            return _form_page(request, form, request.GET.get("architecture", ""), status=413)
        files_take(request)
    return _take(request)


@csrf_protect
def _take(request: HttpRequest) -> HttpResponse:
    kind = kind_get(checkpoints.KIND)
    if request.method != "POST":
        form = LaunchForm(kind)
        key = request.GET.get("architecture", "")
        if key in architecture_keys():
            form.values = {"architecture": key, **proposed(architecture_get(key))}
        return _form_page(request, form, key)
    form = LaunchForm.of_fields(kind, request.POST)
    if form.config is not None:
        try:
            config = {**form.config, **_weights(request)}
            job = checkpoints.import_launch(config, by=person(request))
        except JobInvalid as error:
            form.refuse(error)
            form.errors.setdefault(error.field or "name", str(error))
        else:
            messages.success(request, _("A worker checks the weights; this page says the rest."))
            return redirect("models_dashboard:job", job.pk)
    return _form_page(request, form, request.POST.get("option-architecture", ""), status=400)


def _weights(request: HttpRequest) -> dict[str, Any]:
    """Take the file that was sent or named, or the wish for none. Raises JobInvalid."""
    source = request.POST.get("option-source", "").strip()
    match request.POST.get("weights"):
        case "random":
            return {"random": True, "upload": ""}
        case "server":
            name = request.POST.get("server_file", "")
            token = checkpoints.server_file_keep(name)
            return {"upload": token, "random": False, "source": source or name}
    file = request.FILES.get("file")
    if file is None or not file.name or file.file is None:
        raise JobInvalid(_("There is no file; choose one, or another way below."), "file")
    token = checkpoints.upload_keep(file.file, file.name)
    return {"upload": token, "random": False, "source": source or file.name[-255:]}


def _form_page(
    request: HttpRequest, form: LaunchForm, key: str, *, status: int = 200
) -> HttpResponse:
    shown: dict[str, Shown] = {each.each.name: each for each in form.shown}
    known = key in architecture_keys()
    context: dict[str, Any] = {
        "form": form,
        "key": key if known else "",
        "choices": _choices(),
        "named": [shown["name"], shown["source"]],
        "inputs": [shown[name] for name in INPUT_FIELDS],
        "seed": shown["seed"],
        "weights": request.POST.get("weights", "upload") if status == 400 else "upload",
        "server_files": checkpoints.server_files(),
        "server_folder": f"{settings.VAR.name}/{checkpoints.FOLDER}",
        "file_error": form.errors.get("file", "") or form.errors.get("upload", ""),
        "most": checkpoints.max_bytes(),
        "most_mb": checkpoints.max_bytes() // 1_000_000,
        "suffixes": ",".join(checkpoints.SUFFIXES),
    }
    if known:
        context |= {"architecture": architecture_words(key), "origin": _origin(key)}
    return render(request, "dashboard/checkpoint_import.html", context, status=status)


def _origin(key: str) -> str:
    try:
        return architecture_get(key).source
    except NetworkError:
        return ""


def _choices() -> list[tuple[str, list[tuple[str, str]]]]:
    named = [(key, architecture_words(key)) for key in REGISTRY]
    others = [(key, key.removeprefix(ANY)) for key in architecture_keys() if key.startswith(ANY)]
    return [(_("Published NIMA networks"), named), (_("Any network of torchvision"), others)]


def _checkpoint_or_404(pk: int) -> Checkpoint:
    found = registry_selectors.checkpoint_whole(pk)
    if found is None:
        raise Http404(_("There is no such checkpoint; it may have been deleted."))
    return found
