"""Several checkpoints side by side: what they are, and their scores on the same splits."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.dashboard.findings import download
from models_app.dashboard.jobs import number
from models_app.findings.agreement import learnt_generated
from models_app.findings.model_scores import FIRST_METRIC, metric_choices, rows_csv, rows_make
from models_app.findings.words import checkpoint_shown
from models_app.models import Checkpoint
from models_app.selectors import model_registry as selectors
from survey.roles import analyst_required


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """?checkpoint=PK&checkpoint=PK&metric=KEY; a query a checkpoint, one, and the role's."""
    found = _chosen(request)
    if len(found) < 2:
        messages.warning(request, _("Choose at least two checkpoints to compare."))
        return redirect("models_dashboard:checkpoints")
    metric = _metric(request)
    context = {
        "columns": [_column(each) for each in found],
        "rows": rows_make(found, metric),
        "metric": metric,
        "metrics": metric_choices(),
        "metric_label": dict(metric_choices())[metric],
        "query": _query(found, metric),
        "left_out": max(0, len(_asked(request)) - selectors.MOST_COMPARED),
        "most": selectors.MOST_COMPARED,
    }
    return render(request, "dashboard/checkpoint_compare.html", context)


@require_GET
@analyst_required
def table(request: HttpRequest) -> StreamingHttpResponse:
    """One row a checkpoint and split, as CSV."""
    found = _chosen(request)
    if not found:
        raise Http404(_("There is no such checkpoint; it may have been deleted."))
    metric = _metric(request)
    return download(rows_csv(found, metric), f"checkpoints-{metric}.csv")


def _column(checkpoint: Checkpoint) -> dict[str, Any]:
    job = checkpoint.made_by
    return {
        **checkpoint_shown(checkpoint),
        "generated_labels": learnt_generated(checkpoint),
        "photos": job.dataset.name if job and job.dataset else "",
        "label_set": job.config.get("label_set", "") if job else "",
    }


def _query(found: list[Checkpoint], metric: str) -> str:
    keys = [("checkpoint", str(each.pk)) for each in found]
    return urlencode([*keys, ("metric", metric)])


def _asked(request: HttpRequest) -> list[int]:
    keys = (number(text) for text in request.GET.getlist("checkpoint"))
    return list(dict.fromkeys(key for key in keys if key is not None))


def _chosen(request: HttpRequest) -> list[Checkpoint]:
    return selectors.checkpoints_chosen(_asked(request)[: selectors.MOST_COMPARED])


def _metric(request: HttpRequest) -> str:
    wanted = request.GET.get("metric", FIRST_METRIC)
    return wanted if wanted in dict(metric_choices()) else FIRST_METRIC
