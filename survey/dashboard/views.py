"""Staff pages: overview, one survey's results, downloads."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from survey import exports, results
from survey.models import Vote
from survey.requests import survey_or_404
from survey.roles import analyst_required


def _percents(value: Any) -> Any:
    """Add to each share, wherever it lies, what a template can print: value, low, high in %."""
    if isinstance(value, list):
        return [_percents(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _percents(item) for key, item in value.items()}
    if {"value", "low", "high"} <= found.keys():
        found["percent"] = {end: 100 * found[end] for end in ("value", "low", "high")}
    return found


def _by_share(distortions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort as the chart does: the distortion that people like least first, no votes last."""
    return sorted(distortions, key=lambda d: -d["share"]["value"] if d["share"] else 1)


@require_GET
@analyst_required
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/overview.html", {"surveys": _percents(results.overview())})


@require_GET
@analyst_required
def survey_page(request: HttpRequest, slug: str) -> HttpResponse:
    survey = survey_or_404(slug)
    found = results.survey_results(survey)
    shown = _percents(found)
    context = {
        "survey": survey,
        "results": shown,
        "raw": found,
        "ranked": _by_share(shown["distortions"]),
        "layouts": [
            {
                "label": label,
                "n": found["sides"]["layouts"][key],
                "count_bind": f"sides/layouts/{key}",
                "share": shown["sides"]["left_chosen_by_layout"][key],
                "bind": f"sides/left_chosen_by_layout/{key}",
            }
            for key, label in Vote.Layout.choices
        ],
    }
    return render(request, "dashboard/survey.html", context)


def _download(lines: Iterator[str], name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_GET
@analyst_required
def votes(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    survey = survey_or_404(slug)
    previews = request.GET.get("previews") == "1"
    return _download(exports.votes_csv(survey, previews=previews), f"{slug}-votes.csv")


@require_GET
@analyst_required
def codebook(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    return _download(exports.codebook_csv(survey_or_404(slug)), f"{slug}-codebook.csv")


@require_GET
@analyst_required
def curves(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    shown = results.survey_results(survey_or_404(slug))
    return _download(exports.curves_csv(shown), f"{slug}-shares.csv")
