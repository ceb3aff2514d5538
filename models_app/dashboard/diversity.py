"""Diversity checks: what is on the photos of a dataset, beside another collection's counts."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.dashboard.findings import check_context, check_or_404, download, percents
from models_app.findings import exports, results
from models_app.findings import references as references
from models_app.models import PhotoContent
from models_app.selectors import findings as selectors
from survey.roles import Role, analyst_required, has_role

KIND = selectors.DIVERSITY
TOP = 20
FILES = {"classes": PhotoContent.Kind.CLASS, "objects": PhotoContent.Kind.OBJECT}


@require_GET
@analyst_required
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """All checks; one query and that of the role."""
    context = {
        "rows": [{"job": job, "result": job.result} for job in selectors.checks(KIND)],
        "may_act": has_role(request.user, Role.ADMIN),
    }
    return render(request, "dashboard/diversity_checks.html", context)


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One check: classes and objects with their shares, effective numbers."""
    job = check_or_404(KIND, pk)
    parts = [
        _part(job, PhotoContent.Kind.CLASS, _("Classes"), "effective_classes"),
        _part(job, PhotoContent.Kind.OBJECT, _("Objects"), "effective_objects"),
    ]
    context = {
        **check_context(request, job),
        "result": job.result,
        "weights": job.result.get("weights", {}),
        "photos": parts[0]["photos"],
        "parts": parts,
        "charts": {part["key"]: part["chart"] for part in parts},
        "reference_names": list(references.NAMES.values()),
        "reference_folder": f"{settings.VAR.name}/{references.FOLDER}",
    }
    return render(request, "dashboard/diversity.html", context)


@require_GET
@analyst_required
def counts(request: HttpRequest, pk: int, name: str) -> StreamingHttpResponse:
    """Photos a label in the layout of the paper authors' lists."""
    job = check_or_404(KIND, pk)
    if name not in FILES:
        raise Http404
    lines = exports.counts_tsv(job, FILES[name])
    return download(lines, f"diversity-{job.pk}-{name}.tsv", "text/tab-separated-values")


@require_GET
@analyst_required
def contents(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """One row a photo and label."""
    job = check_or_404(KIND, pk)
    return download(exports.contents_csv(job), f"diversity-{job.pk}-contents.csv")


def _part(job: Any, kind: PhotoContent.Kind, title: str, key: str) -> dict[str, Any]:
    found = results.labels_compared(job, kind)
    rows = [
        {**row, "share": percents(row["share"]), "theirs": percents(row["theirs"])}
        for row in found["rows"]
    ]
    reference = references.reference_get(kind)
    ours = [row for row in rows if row["photos"]]
    return {
        "key": kind.value,
        "file": "classes" if kind == PhotoContent.Kind.CLASS else "objects",
        "title": title,
        "photos": found["photos"],
        "found": len(ours),
        "error": found["error"],
        "reference_photos": found["reference_photos"],
        "has_reference": bool(reference and reference.counts),
        "effective": _orders(job.result.get(key)),
        "their_effective": _orders(_reference_effective(reference)),
        "top": rows[:TOP],
        "rest": rows[TOP:],
        "rest_found": max(0, len(ours) - TOP),
        "chart": [
            {name: row[name] for name in ("label", "photos", "share", "theirs")}
            for row in rows[:TOP]
        ],
    }


def _orders(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    if not found:
        return []
    return [{"order": order, **found[f"order{order}"]} for order in (1, 2)]


def _reference_effective(reference: references.Reference | None) -> dict[str, Any] | None:
    if reference is None or not reference.counts:
        return None
    return results.reference_effective(tuple(reference.counts.values()))
