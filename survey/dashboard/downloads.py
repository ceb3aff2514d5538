"""Files of one survey: votes in every format, what their columns mean, shares."""

from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from survey import exports, results
from survey.errors import SurveyInvalid
from survey.origins import origins_parse
from survey.requests import survey_or_404
from survey.roles import analyst_required

CSV = "text/csv; charset=utf-8"
JSON = "application/json; charset=utf-8"
CODEBOOKS = {"csv": (exports.codebook_csv, CSV), "json": (exports.codebook_json, JSON)}


def download(chunks: Iterable[str | bytes], name: str, content_type: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(chunks, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def refused(error: SurveyInvalid) -> HttpResponse:
    return HttpResponse(f"{error}\n", status=400, content_type="text/plain; charset=utf-8")


@require_GET
@analyst_required
def votes(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    """Stream every vote; 400 with one sentence where the format is not installed here."""
    survey = survey_or_404(slug)
    if form not in exports.REGISTRY:
        raise Http404
    try:
        origins = origins_parse(request.GET.get("include", ""))
        file = exports.votes_export(survey, form=form, origins=origins)
    except SurveyInvalid as error:
        return refused(error)
    return download(file.chunks, f"{slug}-votes.{form}", file.content_type)


@require_GET
@analyst_required
def codebook(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    if form not in CODEBOOKS:
        raise Http404
    lines, content_type = CODEBOOKS[form]
    return download(lines(survey_or_404(slug)), f"{slug}-codebook.{form}", content_type)


@require_GET
@analyst_required
def shares(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send shares of the votes that the page shows: participants', unless asked for more."""
    survey = survey_or_404(slug)
    try:
        origins = origins_parse(request.GET.get("include", ""))
    except SurveyInvalid as error:
        return refused(error)
    shown = results.survey_results(survey, origins=origins)
    return download(exports.curves_csv(shown), f"{slug}-shares.csv", CSV)
