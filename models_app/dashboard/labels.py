"""Label sets: the list, one with what its import found, its tables."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from models_app.dashboard.datasets import thumb_url
from models_app.dashboard.findings import download
from models_app.dashboard.label_words import finding_words, label_set_shown, scores_words
from models_app.dashboard.views import person
from models_app.errors import JobConflict
from models_app.findings.label_exports import findings_csv, labels_csv
from models_app.labels.report import OF_IMAGES
from models_app.models import Label, LabelSet
from models_app.selectors import labels as selectors
from models_app.selectors.photos import Card
from models_app.selectors.splits import splits_shown
from models_app.services.labels import label_set_delete
from models_app.services.thumbnails import SIDES, thumb_size
from survey.roles import Role, admin_required, analyst_required, has_role

BINS = 36
# Photos at each end.
SHOWN = 6
# Names of a finding that the page says; the file has all that were kept.
NAMED = 8
# Of the drawing, in its own units.
WIDTH, HEIGHT = 720, 160


@require_GET
@analyst_required
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    rows = [{**label_set_shown(row.label_set), "row": row} for row in selectors.label_sets()]
    context = {"rows": rows, "may_act": has_role(request.user, Role.ADMIN)}
    return render(request, "dashboard/label_sets.html", context)


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One label set: figures, histogram, both ends, what was found, its splits; ten queries."""
    found = label_set_or_404(pk)
    figures = selectors.figures_get(found)
    context: dict[str, Any] = {
        **label_set_shown(found),
        "scores": scores_words(found),
        "figures": figures,
        "report": found.report,
        "findings": _findings(found),
        "splits": splits_shown(found),
        "may_act": has_role(request.user, Role.ADMIN),
        "users": selectors.label_set_users(found),
    }
    if figures is not None:
        counts = selectors.histogram(found, BINS)
        context |= {"bars": list(_bars(found, counts)), "chart": _chart(found, counts)}
        if figures.with_photo:
            # No photo stands at both ends.
            n = min(SHOWN, max(1, figures.with_photo // 2))
            context["ends"] = [
                ("lowest", _("Lowest means"), _tiles(found, highest=False, n=n)),
                ("highest", _("Highest means"), _tiles(found, highest=True, n=n)),
            ]
    return render(request, "dashboard/label_set.html", context)


@require_POST
@admin_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = label_set_or_404(pk)
    try:
        label_set_delete(found, by=person(request))
    except JobConflict as error:
        messages.error(request, str(error))
        return redirect("models_dashboard:label_set", pk)
    messages.success(request, _("Label set %(name)s is deleted.") % {"name": found.name})
    return redirect("models_dashboard:labels")


@require_GET
@analyst_required
def table(_request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """One row a label, streamed."""
    found = label_set_or_404(pk)
    return download(labels_csv(found), f"{_stem(found)}-labels.csv")


@require_GET
@analyst_required
def findings(_request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """One row a finding of the import, streamed."""
    found = label_set_or_404(pk)
    return download(findings_csv(found), f"{_stem(found)}-findings.csv")


def label_set_or_404(pk: int) -> LabelSet:
    found = selectors.label_set_get(pk)
    if found is None:
        raise Http404(_("There is no such label set; it may have been deleted."))
    return found


def _stem(label_set: LabelSet) -> str:
    return slugify(label_set.name) or f"labels-{label_set.pk}"


def _findings(label_set: LabelSet) -> list[dict[str, Any]]:
    """Return every kind of finding; n is None where nobody looked for images."""
    counts, names = label_set.report.get("counts", {}), label_set.report.get("names", {})
    unseen = () if label_set.report.get("images") else OF_IMAGES
    return [
        {
            "key": key,
            "label": label,
            "help": said,
            "n": None if key in unseen else counts.get(key, 0),
            "named": names.get(key, [])[:NAMED],
            "more": max(0, counts.get(key, 0) - NAMED),
        }
        for key, (label, said) in finding_words().items()
    ]


def _bars(label_set: LabelSet, counts: list[int]) -> Iterator[dict[str, Any]]:
    width = (label_set.scale_high - label_set.scale_low) / len(counts)
    most, total, step = max(counts), sum(counts), WIDTH / len(counts)
    for place, n in enumerate(counts):
        tall = HEIGHT * n / most
        yield {
            "low": label_set.scale_low + place * width,
            "high": label_set.scale_low + (place + 1) * width,
            "n": n,
            "percent": 100 * n / total,
            "x": round(place * step + 0.5, 2),
            "y": round(HEIGHT - tall, 2),
            "width": round(step - 1, 2),
            "height": round(tall, 2),
        }


def _chart(label_set: LabelSet, counts: list[int]) -> dict[str, Any]:
    low, high = label_set.scale_low, label_set.scale_high
    marks = 9 if high - low == 9 else 5 if (high - low) % 5 == 0 else 4
    ticks = [(WIDTH * n / marks, f"{low + (high - low) * n / marks:g}") for n in range(marks + 1)]
    return {"width": WIDTH, "height": HEIGHT, "ticks": ticks, "most": max(counts)}


def _tiles(label_set: LabelSet, *, highest: bool, n: int) -> list[dict[str, Any]]:
    found = selectors.labels_end(label_set, highest=highest, n=n)
    return [_tile(label) for label in found]


def _tile(label: Label) -> dict[str, Any]:
    if label.photo is None:
        raise ValueError(f"label {label.name} has no photo; choose labels that have one")
    width, height = thumb_size(label.photo, SIDES[0])
    return {
        "label": label,
        "photo": label.photo,
        "src": thumb_url(Card(label.photo), SIDES[0]),
        "width": width,
        "height": height,
    }
