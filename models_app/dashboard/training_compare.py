"""Several pretraining runs side by side: one table, one chart a curve, both as files."""

import csv
from collections.abc import Iterator
from math import nan
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.dashboard.findings import download
from models_app.dashboard.jobs import number
from models_app.dashboard.training_words import (
    ASPECTS,
    LABELS,
    curve_groups,
    curve_words,
    estimate,
    option_words,
    run_row,
)
from models_app.jobs import words
from models_app.jobs.config import Described, described
from models_app.jobs.registry import kind_get
from models_app.models import Job
from models_app.selectors import curves as curve_selectors
from models_app.selectors import training as selectors
from survey.exports import cell
from survey.roles import analyst_required

# As many lines as colours and dashes tell apart.
MOST = 8
SHARES = ("rank_accuracy_all", *(f"rank_accuracy_{aspect}" for aspect in ASPECTS),
          *(f"classification_accuracy_{aspect}" for aspect in ASPECTS))  # fmt: skip
NUMBERS = ("regression_error", "validation_loss", "best_epoch", "images_per_s", "memory_mb",
           "skipped_steps", "unreadable")  # fmt: skip
FORMATS = {"svg": "image/svg+xml", "png": "image/png"}


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """?run=PK&run=PK: what differs between runs, and their curves; two queries and the role's."""
    jobs = _chosen(request)
    if not jobs:
        messages.warning(request, _("Choose the runs to compare in the list."))
        return redirect("models_dashboard:training")
    known = {each.name: each for each in described(kind_get(selectors.PRETRAIN).config_type)}
    options = [_option_row(name, jobs, known.get(name)) for name in _option_names(jobs, known)]
    names = selectors.curve_names(jobs)
    context = {
        "rows": [run_row(job) for job in jobs],
        "query": "&".join(f"run={job.pk}" for job in jobs),
        "shares": _share_rows(jobs),
        "figures": _figure_rows(jobs),
        "different": [row for row in options if row["differs"]],
        "equal": [row for row in options if not row["differs"]],
        "groups": curve_groups(names),
        "chart": [
            {
                "label": f"#{job.pk} {run_row(job)['task']}",
                "url": reverse("models_dashboard:job_curves", args=[job.pk]),
            }
            for job in jobs
        ],
        "left_out": _asked(request)[MOST:],
        "most": MOST,
    }
    return render(request, "dashboard/training_compare.html", context)


@require_GET
@analyst_required
def table(request: HttpRequest) -> StreamingHttpResponse:
    """The table as CSV, one row a run."""
    jobs = _chosen(request)
    if not jobs:
        raise Http404(_("There is no such run; it may have been deleted."))
    return download(_table_csv(jobs), "training-runs.csv")


@require_GET
@analyst_required
def figure(request: HttpRequest, kind: str) -> HttpResponse:
    """One curve of several runs as a file for a paper; ?log=1 for a logarithmic axis."""
    # Drawing takes matplotlib, which pages do without.
    from models_app.figures.curves import curves_draw

    name = request.GET.get("curve", "")[:80]
    runs = {}
    for job in _chosen(request):
        curve = curve_selectors.curve_named(job, name)
        if curve is not None:
            points = [(step, nan if value is None else value) for step, value in curve.points]
            runs[f"#{job.pk} {run_row(job)['task']}"] = points
    if not runs:
        raise Http404(_("None of these runs has this curve."))
    reference = 0.5 if name.startswith("rank_accuracy/") else None
    try:
        drawn = curves_draw(
            runs,
            axis=_("step"),
            label=str(curve_words(name)),
            reference=reference,
            log=request.GET.get("log") == "1",
        )
    except ValueError as error:
        raise Http404(str(error)) from None
    response = HttpResponse(drawn.svg if kind == "svg" else drawn.png, content_type=FORMATS[kind])
    file = f"curve-{name.replace('/', '-')}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _asked(request: HttpRequest) -> list[int]:
    asked = (number(text) for text in request.GET.getlist("run"))
    return list(dict.fromkeys(pk for pk in asked if pk is not None))


def _chosen(request: HttpRequest) -> list[Job]:
    pks = _asked(request)[:MOST]
    return selectors.runs_chosen(pks) if pks else []


def _option_names(jobs: list[Job], known: dict[str, Described]) -> list[str]:
    found = {name for job in jobs for name in job.config}
    return [*(name for name in known if name in found), *sorted(found - known.keys())]


def _option_row(name: str, jobs: list[Job], each: Described | None) -> dict[str, Any]:
    values = [job.config.get(name) for job in jobs]
    return {
        "name": name,
        "label": each.option.label if each else name,
        "cells": [option_words(name, value) for value in values],
        "differs": any(value != values[0] for value in values),
    }


def _share_rows(jobs: list[Job]) -> list[dict[str, Any]]:
    rows = [
        {"label": LABELS[name], "cells": [estimate(job.result, name) for job in jobs]}
        for name in SHARES
    ]
    return [row for row in rows if any(row["cells"])]


def _figure_rows(jobs: list[Job]) -> list[dict[str, Any]]:
    return [
        {"label": LABELS[name], "cells": [words.figure(job.result.get(name)) for job in jobs]}
        for name in NUMBERS
        if any(name in job.result for job in jobs)
    ]


class _Echo:
    def write(self, text: str, /) -> str:
        return text


def _table_csv(jobs: list[Job]) -> Iterator[str]:
    ends = [f"{name}{end}" for name in SHARES for end in ("", "_low", "_high")]
    ends += ["split", "photos", *(f"{name}_ties" for name in SHARES if name.startswith("rank"))]
    figures = [*ends, "regression_error", "regression_error_low", "regression_error_high",
               *NUMBERS[1:], "random_weights"]  # fmt: skip
    options = sorted({name for job in jobs for name in job.config})
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(["run", "state", *figures, *options])
    for job in jobs:
        shown = [job.result.get(name) for name in figures] + [job.config.get(n) for n in options]
        cells = [cell(value, "text" if isinstance(value, str) else "number") for value in shown]
        yield writer.writerow([job.pk, job.state, *cells])
