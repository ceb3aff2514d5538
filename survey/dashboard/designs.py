"""A survey's design: download it, make a draft of somebody's file."""

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from survey.dashboard.downloads import JSON, download, refused
from survey.designs import (
    LARGEST,
    dataset_choose,
    dataset_names,
    design_import,
    design_of,
    design_read,
    design_too_large,
)
from survey.errors import SurveyFrozen, SurveyInvalid
from survey.requests import survey_or_404
from survey.roles import admin_required, analyst_required
from survey.uploads import FORM_BYTES, files_take, length_told


@require_GET
@analyst_required
def design(request: HttpRequest, slug: str) -> HttpResponseBase:
    try:
        found = design_of(survey_or_404(slug))
    except SurveyInvalid as error:
        return refused(error)
    return download(found.chunks(), f"{slug}-design.json", JSON)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
@never_cache
def upload(request: HttpRequest) -> HttpResponseBase:
    """The form of an import, and its file.

    The token of the form is checked by `_take`: the usual check reads the whole upload first,
    also of people who may not send one, and of files that are too large.
    """
    if request.method == "POST":
        if length_told(request) > LARGEST + FORM_BYTES:
            return _form_page(request, {}, design_too_large(), status=413)
        files_take(request)
    return _take(request)


@csrf_protect
def _take(request: HttpRequest) -> HttpResponse:
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
    return _form_page(request, given, error, status=400 if error else 200)


def _form_page(
    request: HttpRequest, given: dict[str, str], error: str, *, status: int
) -> HttpResponse:
    context = {"given": given, "error": error, "datasets": dataset_names()}
    return render(request, "dashboard/design_import.html", context, status=status)


@require_POST
@admin_required
def dataset(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a draft the dataset that it was imported without; the survey's page says how it went."""
    survey = survey_or_404(slug)
    wanted = request.POST.get("dataset", "").strip()
    try:
        same = dataset_choose(survey, dataset=wanted, actor=request.user)
    except (SurveyFrozen, SurveyInvalid) as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            _("The draft shows the dataset %(dataset)s; a worker makes its pictures.")
            % {"dataset": wanted},
        )
        _compared_say(request, same=same)
    return redirect("dashboard:survey", slug)


def _compared_say(request: HttpRequest, *, same: bool | None) -> None:
    if same:
        messages.info(
            request, _("It has the same hash now as the design that the draft was made of.")
        )
    elif same is False:
        messages.warning(
            request,
            _(
                "It does not have just the photos of the design that the draft was made of, so "
                "this is another survey with another hash: do not put the answers of both "
                "together unchecked."
            ),
        )


def _content(file: "UploadedFile[bytes] | None") -> bytes:
    if file is None:
        raise SurveyInvalid(_("No file was chosen; choose the design's JSON file."))
    content: bytes = file.read(LARGEST + 1)
    return content
