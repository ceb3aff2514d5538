"""A survey's design: download it, make a draft of somebody's file."""

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from survey.dashboard.downloads import JSON, download, refused
from survey.designs import LARGEST, design_import, design_of, design_read
from survey.errors import SurveyInvalid
from survey.requests import survey_or_404
from survey.roles import admin_required, analyst_required


@require_GET
@analyst_required
def design(request: HttpRequest, slug: str) -> HttpResponseBase:
    try:
        found = design_of(survey_or_404(slug))
    except SurveyInvalid as error:
        return refused(error)
    return download(found.chunks(), f"{slug}-design.json", JSON)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
@never_cache
def upload(request: HttpRequest) -> HttpResponse:
    """Make a draft of an uploaded design; what is wrong is said above the form, with status 400."""
    given = {name: request.POST.get(name, "").strip() for name in ("slug", "title", "dataset")}
    error = ""
    if request.method == "POST":
        try:
            made = design_import(
                design_read(_content(request.FILES.get("file"))), **given, actor=request.user
            )
        except SurveyInvalid as refusal:
            error = str(refusal)
        else:
            for sentence in made.warnings:
                messages.warning(request, sentence)
            messages.info(request, " ".join(made.told))
            return redirect("dashboard:survey", made.survey.slug)
    context = {"given": given, "error": error}
    return render(request, "dashboard/design_import.html", context, status=400 if error else 200)


def _content(file: "UploadedFile[bytes] | None") -> bytes:
    if file is None:
        raise SurveyInvalid(_("No file was chosen; choose the design's JSON file."))
    content: bytes = file.read(LARGEST + 1)
    return content
