"""Datasets: the list, and one with its photos."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from analysis.types import Estimate
from models_app.dashboard.dataset_filters import (
    SORT_LABELS,
    STATES,
    FilterProblem,
    filter_chips,
    filter_query,
    filter_read,
)
from models_app.models import Dataset
from models_app.selectors import datasets as selectors
from models_app.selectors.photos import (
    NO_SPLIT,
    SCORE_SORTS,
    Card,
    Checks,
    PhotoFilter,
    PhotoPage,
    checks_get,
    photo_page,
)
from models_app.services.thumbnails import SIDES, thumb_size
from survey.roles import Role, analyst_required, has_role

# As many labels as a list in a form still helps with.
LABELS_MOST = 200
Options = Sequence[tuple[str, str]]


@require_GET
@analyst_required
@never_cache
def datasets(request: HttpRequest) -> HttpResponse:
    rows = [(row, percents(row.liked)) for row in selectors.datasets_list()]
    context = {"rows": rows, "is_admin": has_role(request.user, Role.ADMIN)}
    return render(request, "dashboard/datasets.html", context)


@require_GET
@analyst_required
@never_cache
def dataset(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the photos that a filter takes, page by page."""
    found = dataset_or_404(pk)
    checks = checks_get(found)
    problem = ""
    try:
        wanted = filter_read(request.GET)
        page = photo_page(found, wanted, checks, number=page_number(request))
    except FilterProblem as error:
        problem, wanted, page = str(error), PhotoFilter(), PhotoPage()
    totals = selectors.totals_get(found)
    inside = selectors.found_get(checks, totals)
    context = {
        "dataset": found,
        "is_generated": selectors.is_generated(found),
        "totals": totals,
        "checks": checks,
        "found": inside,
        "liked": percents(inside.liked),
        "liked_included": percents(inside.liked_included),
        "surveys": selectors.dataset_surveys(found),
        "problem": problem,
        "wanted": wanted,
        "chips": filter_chips(wanted),
        "query": filter_query(wanted),
        "page": page,
        "tiles": tiles_make(page.cards, filter_query(wanted)),
        "turns": _turns(wanted, page),
        "is_admin": has_role(request.user, Role.ADMIN),
        **_choices(wanted, checks, totals, inside),
    }
    return render(request, "dashboard/dataset.html", context, status=400 if problem else 200)


def percents(share: Estimate | None) -> dict[str, float] | None:
    """Return a share as a template prints it: value, low and high in %, and n."""
    if share is None:
        return None
    ends = {"value": share.value, "low": share.low, "high": share.high}
    return {**{end: 100 * value for end, value in ends.items()}, "n": share.n}


def dataset_or_404(pk: int) -> Dataset:
    found = selectors.dataset_get(pk)
    if found is None:
        raise Http404
    return found


def page_number(request: HttpRequest) -> int:
    """Read the page of an address; what is no number is the first."""
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def tiles_make(cards: Sequence[Card], query: str = "") -> list[dict[str, Any]]:
    """Cards with the addresses and sizes that a grid of them needs."""
    tiles = []
    for card in cards:
        address = reverse("models_dashboard:dataset_photo", args=[card.photo.pk])
        width, height = thumb_size(card.photo, SIDES[0])
        tiles.append(
            {
                "card": card,
                "photo": card.photo,
                "url": f"{address}?{query}" if query else address,
                "src": thumb_url(card, SIDES[0]),
                "width": width,
                "height": height,
            }
        )
    return tiles


def thumb_url(card: Card, side: int) -> str:
    """Return an address that changes with the pixels: browsers keep what it answers for good."""
    address = reverse("models_dashboard:dataset_thumb", args=[card.photo.pk, side])
    return f"{address}?v={card.photo.pixel_sha256[:12]}"


def _turns(wanted: PhotoFilter, page: PhotoPage) -> list[tuple[str, str, str]]:
    """(relation, label, query) of the pages that one may turn to; an empty query is no page."""

    def query(number: int, there: bool) -> str:
        return filter_query(wanted, page=number) if there else ""

    back, on = page.number > 1, page.number < page.pages
    return [
        ("", _("First"), query(1, back)),
        ("prev", _("Previous"), query(page.number - 1, back)),
        ("next", _("Next"), query(page.number + 1, on)),
        ("", _("Last"), query(page.pages, on)),
    ]


def _choices(
    wanted: PhotoFilter, checks: Checks, totals: selectors.Totals, found: selectors.Found
) -> dict[str, Options]:
    splits = [
        (name or NO_SPLIT, name or _("no split")) for name in totals.splits if any(totals.splits)
    ]
    return {
        "split_choices": _with(wanted.split, splits),
        "class_choices": _with(wanted.label, _counted(found.classes)),
        "object_choices": _with(wanted.object, _counted(found.objects)),
        "state_choices": [(key, str(label)) for key, label in STATES.items()],
        "sort_choices": [
            (key, str(label))
            for key, label in SORT_LABELS.items()
            if checks.nima is not None or key not in SCORE_SORTS
        ],
    }


def _counted(labels: Sequence[tuple[str, int]]) -> list[tuple[str, str]]:
    shown = labels[:LABELS_MOST]
    return [(label, f"{label} ({n})") for label, n in shown]


def _with(chosen: str, options: list[tuple[str, str]]) -> Options:
    """Keep what is chosen among the options, also where it is rare or gone."""
    if chosen and chosen not in {key for key, _label in options}:
        options = [(chosen, chosen), *options]
    return options
