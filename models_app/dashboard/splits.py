"""Splits: making one, one with its checks and scores, its lists."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from analysis.metrics import REGISTRY as METRICS
from models_app.dashboard.job_pages import results_url
from models_app.dashboard.split_form import (
    LISTS_MOST,
    SplitForm,
    kind_words,
    lists_kept,
    lists_read,
    part_words,
)
from models_app.dashboard.views import person
from models_app.findings.marks import Marks
from models_app.models import Evaluation, LabelSet, LabelSplit, Photo
from models_app.selectors import evaluations, labels
from models_app.selectors import splits as selectors
from models_app.services.split_leaks import leaks_keep, leaks_open
from models_app.services.split_uploads import lists_keep
from models_app.services.splits import split_create
from models_app.services.thumbnails import SIDES
from models_app.splits.base import PARTS, LeakingSplit, SplitRefused
from models_app.splits.config import SplitConfig
from models_app.splits.leakage import Leak, leaks_counted
from models_app.splits.registry import REGISTRY
from models_app.training.settings import Setting, settings_of
from survey.roles import Role, admin_required, analyst_required, has_role
from survey.uploads import FORM_BYTES, files_take, length_told

# So many leaks a page shows; the file has all.
LEAKS_SHOWN = 50
THUMB_HEIGHT = 64
# Of an evaluation; the others one click deeper.
SHOWN = ("srcc", "lcc", "accuracy", "majority", "mae", "emd")


@csrf_exempt
@require_http_methods(["GET", "POST"])
@admin_required
@never_cache
def make(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The form of a rule, and its lists of names.

    The token of the form is checked by `_take`: the usual check reads the whole upload first.
    """
    if request.method == "POST":
        if length_told(request) > LISTS_MOST + FORM_BYTES:
            said = _("The files have more than %(most)d MB together; give shorter lists of names.")
            messages.error(request, said % {"most": LISTS_MOST // 1_000_000})
            return redirect("models_dashboard:split_make", pk)
        files_take(request)
    return _take(request, pk)


@csrf_protect
def _take(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a split; what the rule refuses is shown, what leaks with the whole list.

    Lists of names that were uploaded are kept until the split is made.
    """
    label_set = _label_set_or_404(pk)
    posted = request.POST if request.method == "POST" else None
    rule = (request.POST if posted is not None else request.GET).get("rule", "")
    if rule not in REGISTRY:
        return _form_page(request, label_set, None, status=200 if posted is None else 400)
    form = SplitForm(rule, posted)
    if posted is None:
        return _form_page(request, label_set, form)
    form.lists = lists_kept(posted)
    try:
        form.lists |= lists_read(request.FILES)
        split = split_create(
            label_set, form.name, rule, form.values, lists=form.lists, by=person(request)
        )
    except LeakingSplit as refused:
        form.refuse(refused)
        return _form_page(request, label_set, form, refused, status=409)
    except SplitRefused as refused:
        form.refuse(refused)
        return _form_page(request, label_set, form, status=400)
    return redirect("models_dashboard:split", split.pk)


@require_GET
@analyst_required
@never_cache
def leaks(_request: HttpRequest, token: str) -> HttpResponseBase:
    """Answer all that leaked of a split that was refused within the last day."""
    found = leaks_open(token)
    if found is None:
        raise Http404(_("This list is no longer kept; ask for the split again."))
    return FileResponse(found, as_attachment=True, filename="leaks.csv", content_type="text/csv")


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Two queries, and those of the role."""
    split = _split_or_404(pk)
    checks, words = split.checks, part_words()
    dropped, unlabelled = checks.get("dropped", {}), checks.get("unlabelled", {})
    context = {
        "split": split,
        "label_set": split.label_set,
        "rule": REGISTRY.get(split.rule),
        "parts": [
            {
                "key": part,
                "label": words[part],
                "n": split.counts.get(part, 0),
                "dropped": dropped.get(part, 0),
                "unlabelled": unlabelled.get(part, 0),
            }
            for part in PARTS
        ],
        "members": sum(split.counts.values()),
        "options": _options(split),
        "lists": _lists(split),
        "checks": [(label, checks.get(kind, 0)) for kind, label in kind_words().items()],
        "near": checks.get("near"),
        "scores": _scores(split),
        "metrics": [METRICS[key].label for key in SHOWN],
        "may_act": has_role(request.user, Role.ADMIN),
    }
    return render(request, "dashboard/split.html", context)


@require_GET
@analyst_required
@never_cache
def members(_request: HttpRequest, pk: int) -> JsonResponse:
    """Answer the split as JSON: all that is needed to make it elsewhere and to compare its hash."""
    split = _split_or_404(pk)
    answer = {
        "label_set": split.label_set.name,
        "name": split.name,
        "rule": split.rule,
        "settings": split.settings,
        "checks": split.checks,
        "sha256": split.sha256,
        "members": split.members,
        "marks": Marks(is_generated=split.label_set.is_generated).said,
    }
    return JsonResponse(answer, headers=_attached(split, "json"))


@require_GET
@analyst_required
@never_cache
def part_list(_request: HttpRequest, pk: int, part: str) -> HttpResponse:
    """Answer the names of a part, one a line, as the rule of lists reads them."""
    split = _split_or_404(pk)
    if part not in PARTS:
        raise Http404
    text = "".join(f"{name}\n" for name in selectors.members(split, part))
    return HttpResponse(
        text, content_type="text/plain; charset=utf-8", headers=_attached(split, "txt", part)
    )


def _form_page(
    request: HttpRequest,
    label_set: LabelSet,
    form: SplitForm | None,
    refused: LeakingSplit | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "label_set": label_set,
        "form": form,
        "rules": [(entry.key, _(entry.label), _(entry.purpose)) for entry in REGISTRY.values()],
        "key": form.entry.key if form else "",
        "purpose": _(form.entry.purpose) if form else "",
        "lists_token": lists_keep(form.lists) if form else "",
    }
    if refused is not None:
        kinds = kind_words()
        context |= {
            "token": leaks_keep(refused.leaks),
            "n_leaks": len(refused.leaks),
            "leak_counts": [(kinds[kind], n) for kind, n in leaks_counted(refused.leaks).items()],
            "leaks": _leaks_shown(label_set, refused.leaks[:LEAKS_SHOWN]),
            # Leaving leaks out was asked for, and did not help.
            "is_last": form is not None and bool(form.values.get("without_leaks")),
        }
    return render(request, "dashboard/split_make.html", context, status=status)


def _leaks_shown(label_set: LabelSet, leaks: Sequence[Leak]) -> list[dict[str, Any]]:
    kinds, words = kind_words(), part_words()
    photos = selectors.photos_named(
        label_set, {name for leak in leaks for name in (leak.a, leak.b)}
    )
    return [
        {
            "leak": leak,
            "kind": kinds[leak.kind],
            "in": words[leak.part_a],
            "of": words[leak.part_b],
            "a": _thumb(photos.get(leak.a)),
            "b": _thumb(photos.get(leak.b)),
        }
        for leak in leaks
    ]


def _thumb(photo: Photo | None) -> dict[str, Any] | None:
    """Return what an image of a row's height needs; None where the photo is not at hand."""
    if photo is None:
        return None
    address = reverse("models_dashboard:dataset_thumb", args=[photo.pk, SIDES[0]])
    return {
        "src": f"{address}?v={photo.pixel_sha256[:12]}",
        "width": max(1, round(THUMB_HEIGHT * photo.width / photo.height)),
        "height": THUMB_HEIGHT,
    }


def _options(split: LabelSplit) -> list[dict[str, Any]]:
    known = settings_of(SplitConfig)
    return [
        {"label": _(known[name].label), "value": _value_shown(known[name], value)}
        for name, value in split.settings.items()
        if name in known
    ]


def _value_shown(setting: Setting, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    # A choice that a later release dropped is shown as it was stored.
    return _((setting.choices or {}).get(value, str(value)))


def _lists(split: LabelSplit) -> list[dict[str, Any]]:
    words = part_words()
    return [
        {"part": words.get(part, part), **each}
        for part, found in split.settings.get("lists", {}).items()
        for each in found
    ]


def _scores(split: LabelSplit) -> list[dict[str, Any]]:
    found = evaluations.evaluations_shown(label_set=split.label_set_id, split=split.sha256)
    return [
        {"evaluation": each, "url": results_url(each.job), "figures": _figures(each)}
        for each in found
    ]


def _figures(evaluation: Evaluation) -> list[dict[str, Any] | None]:
    readings = evaluation.metrics.get("metrics") or {}
    return [readings.get(key) for key in SHOWN]


def _attached(split: LabelSplit, suffix: str, part: str = "") -> dict[str, str]:
    stem = slugify(f"{split.label_set.name}-{split.name}") or "split"
    name = f"{stem}-{part}.{suffix}" if part else f"{stem}.{suffix}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _label_set_or_404(pk: int) -> LabelSet:
    found = labels.label_set_get(pk)
    if found is None:
        raise Http404(_("There is no such label set; it may have been deleted."))
    return found


def _split_or_404(pk: int) -> LabelSplit:
    found = selectors.split_shown(pk)
    if found is None:
        raise Http404(_("There is no such split; it may have been deleted with its label set."))
    return found
