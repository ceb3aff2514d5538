"""Staff pages: overview, one survey's results."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from survey import results
from survey.designs import dataset_choice
from survey.errors import SurveyInvalid
from survey.models import Origin, Vote
from survey.origins import origins_parse, origins_text
from survey.requests import survey_or_404
from survey.roles import analyst_required
from survey.selectors.results import PERSONS
from survey.skips import SkipReason


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
    """Results of participants' votes, and of others' where `include` asks for them."""
    survey = survey_or_404(slug)
    origins, problem = PERSONS, ""
    try:
        origins = origins_parse(request.GET.get("include", ""))
    except SurveyInvalid as error:
        problem = str(error)
    found = results.survey_results(survey, origins=origins)
    shown = _percents(found)
    context = {
        "survey": survey,
        "photos": dataset_choice(survey),
        "problem": problem,
        **_origins(found, origins),
        "results": shown,
        "raw": found,
        "ranked": _by_share(shown["distortions"]),
        "skips": [
            {"label": label, "n": found["skips"][reason], "bind": f"skips/{reason}"}
            for reason, label in SkipReason.choices
        ],
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
    return render(request, "dashboard/survey.html", context, status=400 if problem else 200)


def _origins(found: dict[str, Any], origins: frozenset[str]) -> dict[str, Any]:
    """What the page says of whose votes it counts: the switch, the banner, a mark for headings."""
    simulated, test = Origin.SIMULATED in origins, Origin.TEST in origins
    people = found["participants"]
    there = {Origin.TEST: people["previews"], Origin.SIMULATED: people["simulated"]}
    choices = (
        (PERSONS, _("Participants only")),
        (PERSONS | {Origin.TEST}, _("with staff previews")),
        (PERSONS | {Origin.SIMULATED}, _("with simulated annotators")),
        (PERSONS | there.keys(), _("with both")),
    )
    marks = {
        (True, False): _("simulated annotators included"),
        (False, True): _("staff previews included"),
        (True, True): _("simulated annotators and staff previews included"),
    }
    return {
        "include": origins_text(origins),
        "mark": marks.get((simulated, test), ""),
        "switch": [
            {"include": origins_text(choice), "label": label, "here": choice == origins}
            for choice, label in choices
            if choice == origins or all(there[Origin(origin)] for origin in choice - PERSONS)
        ],
        "counted": {
            "simulated": _live("votes_by_origin/simulated", found["votes_by_origin"]["simulated"]),
            "test": _live("votes_by_origin/test", found["votes_by_origin"]["test"]),
            "all": _live("votes", found["votes"]),
        },
    }


def _live(path: str, n: int) -> str:
    """Write a count that follows the live results, for the middle of a sentence."""
    text = number_format(n, force_grouping=True)
    return format_html('<span data-bind="{}" data-as="count">{}</span>', path, text)
