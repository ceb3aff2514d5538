"""A dataset's files: what disk they take, letting go of some, releasing them."""

from tempfile import TemporaryFile

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from models_app.dashboard.datasets import dataset_or_404
from models_app.errors import DatasetError
from models_app.models import Dataset
from models_app.selectors import datasets as selectors
from models_app.services.cleanup import Done, Kept, Use, clean_plan, clean_up, disk_use
from models_app.services.releases import release_write
from survey.roles import Role, admin_required, analyst_required, has_role
from survey.services.audit import audit_record

# More than this is for the command: a browser would wait too long for its first byte.
ORIGINALS_MOST = 2_000_000_000


@require_GET
@analyst_required
@never_cache
def disk(request: HttpRequest) -> HttpResponse:
    """Measure what is stored and show what a clean-up would remove; removes nothing."""
    chosen = _chosen(request.GET.get("dataset", ""))
    rows = selectors.datasets_list()
    use = disk_use()
    shown = [(row, use.get(row.dataset.pk, Use())) for row in rows]
    context = {
        "rows": shown,
        "unsized": sum(row.totals.unsized for row in rows),
        "sums": {
            "originals": sum(row.totals.bytes for row in rows),
            "rendered": sum(row.rendered for row in rows),
            "sheets": sum((each.sheets for _row, each in shown), Kept()),
            "thumbs": sum((each.thumbs for _row, each in shown), Kept()),
        },
        "plan": clean_plan(chosen),
        "chosen": chosen,
        "is_admin": has_role(request.user, Role.ADMIN),
    }
    return render(request, "dashboard/dataset_disk.html", context)


@require_POST
@admin_required
def clean(request: HttpRequest) -> HttpResponse:
    """Remove what the page has shown; if that is no longer what would go, nothing does."""
    chosen = _chosen(request.POST.get("dataset", ""))
    plan = clean_plan(chosen)
    if request.POST.get("agreed") != f"{plan.files}:{plan.bytes}":
        messages.error(
            request, _("Nothing was removed: by now it would be something else. Look again.")
        )
    else:
        done = clean_up(plan, by=request.user)
        (messages.warning if done.failed else messages.success)(request, _cleaned(done))
    address = reverse("models_dashboard:dataset_disk")
    query = urlencode({"dataset": chosen.pk}) if chosen else ""
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


def _cleaned(done: Done) -> str:
    said = ngettext("Removed %(n)d file, %(size)s.", "Removed %(n)d files, %(size)s.", done.files)
    text = said % {"n": done.files, "size": filesizeformat(done.bytes)}
    if done.failed:
        text += " " + _("%(n)d files could not be deleted; try again.") % {"n": done.failed}
    return text


def _chosen(text: str) -> Dataset | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return dataset_or_404(int(text))


@require_GET
@analyst_required
@never_cache
def release(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, dataset_or_404(pk))


@require_GET
@analyst_required
@never_cache
def release_zip(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer a release without the photos themselves."""
    found = dataset_or_404(pk)
    try:
        return _zip(found, photos=False)
    except DatasetError as error:
        return _page(request, found, problem=str(error))


@require_POST
@admin_required
def release_photos(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer a release with the original files, for whoever has ticked that they may have them."""
    found = dataset_or_404(pk)
    size = selectors.totals_get(found).bytes
    if request.POST.get("may") != "1":
        problem = _("Tick that you may pass the photos on; nothing was released.")
        return _page(request, found, problem=problem)
    if size > ORIGINALS_MOST:
        problem = _("The photos have %(size)s, too much for a browser; use the command below.")
        return _page(request, found, problem=problem % {"size": filesizeformat(size)})
    try:
        response = _zip(found, photos=True)
    except DatasetError as error:
        return _page(request, found, problem=str(error))
    audit_record(
        actor=request.user,
        action="dataset.release",
        target="dataset",
        target_id=found.pk,
        label=found.name,
        detail={"photos": True, "bytes": size},
    )
    return response


def _zip(found: Dataset, *, photos: bool) -> FileResponse:
    # Whole before the first byte is sent: an error is a page, not half of a file.
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        release_write(found, file, photos=photos)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = slugify(found.name) or "dataset"
    return FileResponse(
        file, as_attachment=True, filename=f"{name}.zip", content_type="application/zip"
    )


def _page(request: HttpRequest, found: Dataset, *, problem: str = "") -> HttpResponse:
    totals = selectors.totals_get(found)
    context = {
        "dataset": found,
        "is_generated": selectors.is_generated(found),
        "totals": totals,
        "too_large": totals.bytes > ORIGINALS_MOST,
        "surveys": selectors.dataset_surveys(found),
        "problem": problem,
        "is_admin": has_role(request.user, Role.ADMIN),
    }
    status = 400 if problem else 200
    return render(request, "dashboard/dataset_release.html", context, status=status)
