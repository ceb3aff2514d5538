"""Evaluations of one split side by side, and by how much they differ."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from analysis.metrics import REGISTRY as METRICS
from models_app.dashboard.evaluations import evaluation_row
from models_app.dashboard.jobs import number
from models_app.dashboard.views import person
from models_app.errors import JobInvalid
from models_app.findings.agreement import seen_of
from models_app.findings.comparisons import FORMAT, better, same_images_check, where_words
from models_app.findings.marks import evaluation_marks
from models_app.jobs.kinds.compare_evaluations import MOST
from models_app.models import Evaluation, Job
from models_app.selectors import evaluations as selectors
from models_app.services.jobs import job_create
from models_app.templatetags.figures import figure
from survey.roles import Role, admin_required, analyst_required, has_role


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """?evaluation=PK&evaluation=PK&baseline=PK: what each scored, and differences once drawn."""
    found, baseline = _chosen(request)
    try:
        same_images_check(found)
    except JobInvalid as error:
        messages.warning(request, str(error))
        return redirect("models_dashboard:evaluations")
    # The baseline first: the others are read against it.
    found.sort(key=lambda each: (each.pk != baseline, each.pk))
    job = selectors.comparison_job([each.pk for each in found], baseline)
    drawn = _read(job)
    context = {
        "columns": [evaluation_row(each) for each in found],
        "where": where_words(found[0]),
        "label_set": found[0].label_set,
        "split_sha256": found[0].split_sha256,
        "baseline": baseline,
        "rows": _rows(found, baseline, drawn),
        "tests": _tests(found, baseline, drawn),
        "drawn": drawn,
        "left_out": sum(drawn["left_out"].values()) if drawn else 0,
        "job": job,
        "is_live": job is not None and not job.is_over,
        "files": list(job.artifacts.all()) if job is not None and drawn else [],
        "has_seen": any(seen_of(each.metrics) for each in found),
        "is_generated": any(evaluation_marks(each).is_generated for each in found),
        "too_many": len(request.GET.getlist("evaluation")) > MOST,
        "most": MOST,
        "may_act": has_role(request.user, Role.ADMIN),
    }
    return render(request, "dashboard/evaluation_compare.html", context)


@require_POST
@admin_required
def draw(request: HttpRequest) -> HttpResponse:
    """Have a worker draw the intervals of the differences."""
    found, baseline = _chosen(request)
    pks = sorted(each.pk for each in found)
    job = selectors.comparison_job(pks, baseline)
    if job is None or job.state == Job.State.FAILED or not _is_whole(job):
        config = {"evaluations": ",".join(map(str, pks)), "baseline": baseline}
        try:
            job_create(selectors.COMPARE, config, by=person(request))
        except JobInvalid as error:
            messages.error(request, str(error))
            return redirect("models_dashboard:evaluations")
    return redirect(_address(pks, baseline))


@require_GET
@analyst_required
def result(_request: HttpRequest, pk: int) -> HttpResponse:
    """From the job of a comparison to its page."""
    job = selectors.comparison_get(pk)
    if job is None:
        raise Http404(_("There is no such comparison; it may have been deleted."))
    pks = [int(text) for text in job.config["evaluations"].split(",")]
    return redirect(_address(pks, job.config["baseline"]))


def _address(pks: list[int], baseline: int) -> str:
    query = "&".join([*(f"evaluation={pk}" for pk in pks), f"baseline={baseline}"])
    return f"{reverse('models_dashboard:evaluation_compare')}?{query}"


def _chosen(request: HttpRequest) -> tuple[list[Evaluation], int]:
    """Return the evaluations, and the key of the baseline: the first where none is named."""
    asked = request.GET if request.method == "GET" else request.POST
    pks = [pk for text in asked.getlist("evaluation") if (pk := number(text)) is not None]
    found = selectors.evaluations_chosen(list(dict.fromkeys(pks))[:MOST])
    wanted = number(asked.get("baseline"))
    known = {each.pk for each in found}
    first = next((pk for pk in pks if pk in known), 0)
    return found, wanted if wanted in known and wanted is not None else first


def _read(job: Job | None) -> dict[str, Any] | None:
    """Return a finished comparison; None where it is not there, or of another version."""
    if job is None or job.state != Job.State.SUCCEEDED:
        return None
    for each in job.artifacts.all():
        if each.name == selectors.COMPARISON:
            try:
                with default_storage.open(each.file, "rb") as file:
                    found: dict[str, Any] = json.load(file)
            except (FileNotFoundError, ValueError):
                return None
            return found if found.get("format") == FORMAT else None
    return None


def _is_whole(job: Job) -> bool:
    return not job.is_over or _read(job) is not None


def _rows(
    found: list[Evaluation], baseline: int, drawn: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """A row a metric: what each scored, and its difference from the baseline."""
    no_test = _no_test(found, baseline)
    known = list(dict.fromkeys(key for each in found for key in each.metrics["metrics"]))
    rows = []
    for key in known:
        entry = METRICS.get(key)
        cells = []
        for each in found:
            reading = each.metrics["metrics"].get(key)
            if drawn:
                judged = drawn["comparison"]["evaluations"][str(each.pk)]["metrics"]
                reading = judged.get(key, reading)
            apart = _apart(key, each.pk, baseline, drawn)
            if apart and each.pk in no_test:
                apart["is_clear"] = False
            cells.append({"reading": reading, "apart": apart})
        rows.append(
            {
                "label": _(entry.label) if entry else key,
                "is_yardstick": bool(entry and entry.needs == "truth"),
                "cells": cells,
            }
        )
    return rows


def _apart(key: str, pk: int, baseline: int, drawn: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the difference from the baseline, and whether its interval leaves 0 out."""
    if drawn is None or pk == baseline:
        return None
    found: dict[str, Any] | None = drawn["comparison"]["differences"].get(str(pk), {}).get(key)
    if found is None or found["value"] is None:
        return found
    low, high = found["low"], found["high"]
    is_clear = low is not None and high is not None and (low > 0 or high < 0)
    return {**found, "is_clear": is_clear, "is_better": better(key, found["value"])}


def _tests(
    found: list[Evaluation], baseline: int, drawn: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """A row a number of Wilcoxon's test against the baseline; cells in the order of columns."""
    if drawn is None:
        return []
    no_test = _no_test(found, baseline)
    tests = [
        None if each.pk == baseline else (drawn["tests"][str(each.pk)], each.pk not in no_test)
        for each in found
    ]
    rows: list[tuple[str, Callable[[dict[str, Any], bool], str]]] = [
        (
            _("Wilcoxon, one-sided: p"),
            lambda t, ok: f"{p_words(t['test']['p'])}{t['decision']['mark'] if ok else ''}",
        ),
        (_("p after Bonferroni"), lambda t, _ok: p_words(t["decision"]["bonferroni"])),
        (_("p after Holm"), lambda t, _ok: p_words(t["decision"]["holm"])),
        (_("Rank-biserial correlation"), lambda t, _ok: _effect(t["effects"]["rank_biserial"])),
        (_("Cohen’s d_z"), lambda t, _ok: _effect(t["effects"]["d_z"])),
    ]
    return [
        {"label": label, "cells": ["—" if test is None else said(*test) for test in tests]}
        for label, said in rows
    ]


def _no_test(found: list[Evaluation], baseline: int) -> set[int]:
    """Return whose difference decides nothing: theirs, or the baseline's, images were learnt."""
    seen = {each.pk for each in found if seen_of(each.metrics)}
    return {each.pk for each in found} if baseline in seen else seen


def p_words(p: float) -> str:
    """Write a probability; below what four digits tell, that it is below."""
    return "< 0.0001" if p < 1e-4 else f"{p:.4f}"


def _effect(value: float | None) -> str:
    return "—" if value is None else figure(value, 3)
