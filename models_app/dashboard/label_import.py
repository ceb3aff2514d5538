"""Importing labels: uploaded label files, for the photos of a dataset or by themselves."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from models_app.dashboard.forms import LaunchForm
from models_app.dashboard.label_words import LABELS as KIND
from models_app.dashboard.views import person
from models_app.errors import JobInvalid
from models_app.jobs.kinds.import_labels import dataset_choices
from models_app.jobs.registry import kind_get
from models_app.labels.registry import FILES, PART, REGISTRY, Entry
from models_app.selectors import findings as checks
from models_app.services import label_uploads
from models_app.services.jobs import job_create
from survey.roles import admin_required, analyst_required
from survey.uploads import FORM_BYTES, files_take, length_told


@csrf_exempt
@require_http_methods(["GET", "POST"])
@admin_required
@never_cache
def take(request: HttpRequest) -> HttpResponseBase:
    """The form of an import, and its files.

    The token of the form is checked by `_take`: the usual check reads the whole upload first,
    also one that is too large.
    """
    if request.method == "POST":
        length = length_told(request)
        if length > label_uploads.MOST + FORM_BYTES:
            form = LaunchForm(kind_get(KIND))
            form.errors["files"] = label_uploads.too_large(length)
            return _form_page(request, form, request.GET.get("kind", ""), status=413)
        files_take(request)
    return _take(request)


@csrf_protect
def _take(request: HttpRequest) -> HttpResponse:
    kind = kind_get(KIND)
    if request.method != "POST":
        key = request.GET.get("kind", "")
        return _form_page(request, LaunchForm.of_query(kind, request.GET), key)
    posted = request.POST.copy()
    # Given once the files are stored; the form is checked before.
    posted["option-files"] = "-"
    form = LaunchForm.of_fields(kind, posted)
    if form.config is not None:
        token = ""
        try:
            files = [(each.name or "", each) for each in request.FILES.getlist("files")]
            token = label_uploads.uploads_keep(files)
            job = job_create(KIND, {**form.config, "files": token}, by=person(request))
        except JobInvalid as error:
            label_uploads.uploads_delete(token)
            form.refuse(error)
            form.errors.setdefault(error.field or "name", str(error))
        else:
            messages.success(request, _("A worker reads the labels; this page says the rest."))
            return redirect("models_dashboard:job", job.pk)
    return _form_page(request, form, posted.get("option-kind", ""), status=400)


@require_GET
@analyst_required
def imported(_request: HttpRequest, pk: int) -> HttpResponse:
    """From the job of an import to what it made."""
    job = checks.check_get(KIND, pk)
    if job is None:
        raise Http404(_("There is no such import; it may have been deleted."))
    if not job.result.get("label_set"):
        return redirect("models_dashboard:labels")
    return redirect("models_dashboard:label_set", job.result["label_set"])


def _form_page(
    request: HttpRequest, form: LaunchForm, key: str, *, status: int = 200
) -> HttpResponse:
    shown = {each.each.name: each for each in form.shown}
    context = {
        "form": form,
        "key": key if _is_offered(key) else "",
        "choices": [(entry.key, _(entry.label)) for entry in REGISTRY.values() if entry.alone],
        "name": shown["name"],
        "others": [shown[name] for name in ("dataset", "options", "generated")],
        "file_error": form.errors.get("files", ""),
        "most_mb": label_uploads.MOST // 1_000_000,
        "has_datasets": len(dataset_choices()) > 1,
    }
    if _is_offered(key):
        entry = REGISTRY[key]
        context |= {"wants": _(entry.wants), "options": _options(entry)}
    return render(request, "dashboard/label_import.html", context, status=status)


def _options(entry: Entry) -> list[tuple[str, str]]:
    told = {**PART, **entry.options}
    return [(name, _(said)) for name, said in told.items() if name not in FILES]


def _is_offered(key: str) -> bool:
    return key in REGISTRY and REGISTRY[key].alone
