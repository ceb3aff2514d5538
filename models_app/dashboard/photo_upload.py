"""Adding photos: a zip or single photos, with a table of credits, for a worker to import."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from models_app.dashboard.forms import LaunchForm
from models_app.dashboard.views import person
from models_app.errors import JobInvalid
from models_app.imaging import FORMATS_TEXT, SUFFIXES
from models_app.importing.archives import RATIO_MOST
from models_app.jobs import words
from models_app.jobs.registry import kind_get
from models_app.models import Job
from models_app.selectors import datasets as dataset_selectors
from models_app.selectors import photo_imports as selectors
from models_app.services import photo_uploads
from models_app.services.jobs import job_create
from survey.roles import admin_required
from survey.uploads import files_take, length_told

# Of a form beside its files.
FORM_BYTES = 11_000_000
# What the form is filled in with again.
AGAIN = ("dataset", "credit", "licence")
# Imports under the form.
SHOWN = 5


@csrf_exempt
@require_http_methods(["GET", "POST"])
@admin_required
@never_cache
def add(request: HttpRequest) -> HttpResponseBase:
    """The form of an import, and its files.

    The token of the form is checked by `_take`: the usual check reads the whole upload first,
    also one that is too large or has no room.
    """
    if request.method == "POST":
        length = length_told(request)
        if length > photo_uploads.max_bytes() + FORM_BYTES:
            return _refused(request, photo_uploads.too_large(length), status=413)
        if said := photo_uploads.no_room(length):
            return _refused(request, said, status=507)
        # On the disk as they come in, however small each of them is.
        files_take(request, on_disk=True)
    try:
        return _take(request)
    except TooManyFilesSent:
        said = _("There are more than %(most)d files; pack them as one zip.")
        most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        return _refused(request, said % {"most": most - 1}, status=400)


@csrf_protect
def _take(request: HttpRequest) -> HttpResponse:
    kind = kind_get(photo_uploads.KIND)
    if request.method != "POST":
        return _page(request, LaunchForm.of_query(kind, request.GET))
    posted = request.POST.copy()
    # Given once the files are stored; the form is checked before.
    posted["option-upload"] = "-"
    form = LaunchForm.of_fields(kind, posted)
    if form.config is not None:
        try:
            job = _launch(request, form.config)
        except JobInvalid as error:
            form.refuse(error)
            form.errors.setdefault(error.field or "dataset", str(error))
        else:
            return _launched(request, job)
    return _page(request, form, status=400)


def _launch(request: HttpRequest, config: dict[str, Any]) -> Job:
    """Store the files and launch their import. Raises JobInvalid, and then nothing is kept."""
    files = request.FILES.getlist("files")
    token = photo_uploads.upload_keep(files, request.FILES.get("credits"))
    names = [each.name or "" for each in files]
    source = names[0] if len(names) == 1 else _("%(n)d photos") % {"n": len(names)}
    try:
        return job_create(
            photo_uploads.KIND,
            {**config, "upload": token, "source": source[-255:]},
            by=person(request),
        )
    except BaseException:
        photo_uploads.upload_delete(token)
        raise


def _launched(request: HttpRequest, job: Job) -> HttpResponse:
    url = reverse("models_dashboard:job_results_import_photos", args=[job.pk])
    if request.headers.get("Accept") == "application/json":
        # The page's script, which has shown how the upload goes on.
        return JsonResponse({"url": url}, status=201)
    messages.success(request, _("A worker imports the photos; this page says how far it is."))
    return redirect(url)


def _refused(request: HttpRequest, said: str, *, status: int) -> HttpResponse:
    form = LaunchForm(kind_get(photo_uploads.KIND))
    form.errors["files"] = said
    return _page(request, form, status=status)


def _page(request: HttpRequest, form: LaunchForm, *, status: int = 200) -> HttpResponse:
    shown = {each.each.name: each for each in form.shown}
    context = {
        "form": form,
        "dataset": shown["dataset"],
        "others": [shown["credit"], shown["licence"]],
        "names": dataset_selectors.dataset_names(),
        "file_error": form.errors.get("files", "") or form.errors.get("upload", ""),
        "credits_error": form.errors.get("credits", ""),
        "most": photo_uploads.max_bytes(),
        "most_mb": photo_uploads.max_bytes() // 1_000_000,
        "most_files": settings.DATA_UPLOAD_MAX_NUMBER_FILES - 1,
        "accept": ",".join((".zip", *SUFFIXES)),
        "formats": FORMATS_TEXT,
        "photo_mb": settings.PHOTO_MAX_BYTES // 1_000_000,
        "pixels_most": settings.PHOTO_MAX_PIXELS // 1_000_000,
        "ratio_most": RATIO_MOST,
        "imports": [
            {"job": job, "state": words.state_label(job)} for job in selectors.imports_latest(SHOWN)
        ],
    }
    return render(request, "dashboard/photos_add.html", context, status=status)


def again_url(job: Job) -> str:
    """Return the form filled in as this import's was."""
    filled = {f"option-{name}": job.config[name] for name in AGAIN if job.config.get(name)}
    return f"{reverse('models_dashboard:photos_add')}?{urlencode(filled)}"
