"""One photo: its page, its thumbnail, leaving it out; and leaving out all that a filter takes."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from models_app.dashboard.dataset_filters import (
    FilterProblem,
    filter_chips,
    filter_pairs,
    filter_query,
    filter_read,
)
from models_app.dashboard.datasets import dataset_or_404, thumb_url, tiles_make
from models_app.errors import DatasetError
from models_app.imaging import PhotoRefused
from models_app.models import Photo, PhotoScore
from models_app.selectors import photos as photo_selectors
from models_app.selectors import pictures as selectors
from models_app.selectors.datasets import is_generated
from models_app.selectors.photos import PhotoFilter
from models_app.services import photos
from models_app.services.thumbnails import SIDES, thumb_read, thumb_size
from survey.roles import Role, admin_required, analyst_required, has_role

# Shown on the page that asks for confirmation.
EXAMPLES = 12
BAR_HEIGHT = 80


@require_GET
@analyst_required
@never_cache
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _photo_or_404(pk), _filter(request.GET))


@require_GET
@analyst_required
def thumb(request: HttpRequest, pk: int, side: int) -> HttpResponse:
    """Answer a photo's thumbnail, encoded here: never a byte of the original file."""
    if side not in SIDES:
        raise Http404
    try:
        content = thumb_read(_photo_or_404(pk), side)
    except (FileNotFoundError, PhotoRefused):
        raise Http404 from None
    response = HttpResponse(content, content_type="image/jpeg")
    # Its address has a part of the pixels' hash.
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@require_POST
@admin_required
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Exclude or include one photo, then go back to where the form was."""
    found = _photo_or_404(pk)
    reason = request.POST.get("reason", "")
    exclude = _verb(request.POST)
    try:
        if exclude:
            done = photos.photo_exclude(found, reason=reason, by=request.user)
        else:
            done = photos.photo_include(found, reason=reason, by=request.user)
    except DatasetError as error:
        wanted = _filter(request.POST)
        return _page(request, found, wanted, problem=str(error), reason=reason, status=400)
    said = {
        (True, True): _("%(name)s is excluded."),
        (False, True): _("%(name)s is included again."),
        (True, False): _("%(name)s was excluded already; its reason stays."),
        (False, False): _("%(name)s was not excluded."),
    }[exclude, done]
    messages.success(request, said % {"name": found.name})
    return HttpResponseRedirect(_back(request, found))


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
@never_cache
def marks(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how many photos a filter takes; the POST excludes or includes just as many."""
    found = dataset_or_404(pk)
    query = request.POST if request.method == "POST" else request.GET
    exclude = _verb(query)
    try:
        wanted = filter_read(query)
    except FilterProblem as error:
        raise Http404 from error
    checks = photo_selectors.checks_get(found)
    takes = photo_selectors.photos_filter(found, wanted, checks)
    problem, reason = "", request.POST.get("reason", "")
    if request.method == "POST":
        agreed = request.POST.get("photos", "")
        try:
            n = photos.photos_mark(
                found,
                takes,
                exclude=exclude,
                reason=reason,
                by=request.user,
                expected=int(agreed) if agreed.isascii() and agreed.isdigit() else -1,
                chosen=filter_pairs(wanted),
            )
        except DatasetError as error:
            problem = str(error)
        else:
            messages.success(request, _marked(n, exclude=exclude))
            address = reverse("models_dashboard:dataset", args=[found.pk])
            return HttpResponseRedirect(f"{address}?{filter_query(wanted)}")
    count, keys = photo_selectors.photos_to_mark(takes, exclude=exclude, examples=EXAMPLES)
    context = {
        "dataset": found,
        "is_generated": is_generated(found),
        "exclude": exclude,
        "count": count,
        "more": count - len(keys),
        "chips": filter_chips(wanted),
        "tiles": tiles_make(photo_selectors.cards_get(keys, checks)),
        **_form(wanted, problem=problem, reason=reason),
    }
    status = 400 if problem else 200
    return render(request, "dashboard/dataset_marks.html", context, status=status)


def _form(wanted: PhotoFilter, *, problem: str, reason: str) -> dict[str, Any]:
    return {
        "query": filter_query(wanted),
        "pairs": filter_pairs(wanted),
        "problem": problem,
        "reason": reason,
        "least": photos.REASON_LEAST,
        "most": photos.REASON_MOST,
    }


def _marked(n: int, *, exclude: bool) -> str:
    if exclude:
        return ngettext("%(n)d photo is excluded.", "%(n)d photos are excluded.", n) % {"n": n}
    return ngettext(
        "%(n)d photo is included again.", "%(n)d photos are included again.", n
    ) % {"n": n}  # fmt: skip


def _page(
    request: HttpRequest,
    found: Photo,
    wanted: PhotoFilter,
    *,
    problem: str = "",
    reason: str = "",
    status: int = 200,
) -> HttpResponse:
    checks = photo_selectors.checks_get(found.dataset)
    (card,) = photo_selectors.cards_get([found.pk], checks)
    width, height = thumb_size(found, SIDES[1])
    context = {
        "photo": found,
        "dataset": found.dataset,
        "is_generated": is_generated(found.dataset),
        "card": card,
        "checks": checks,
        "bars": _bars(card.score),
        "src": thumb_url(card, SIDES[1]),
        "width": width,
        "height": height,
        "place": selectors.photo_place(found),
        "surveys": photo_selectors.photo_surveys(found),
        "jobs": photo_selectors.photo_jobs(found),
        "is_admin": has_role(request.user, Role.ADMIN),
        **_form(wanted, problem=problem, reason=reason),
    }
    return render(request, "dashboard/dataset_photo.html", context, status=status)


def _bars(score: PhotoScore | None) -> list[dict[str, Any]]:
    """Ten bars of a drawing that is 80 high, as high as their share of the highest."""
    if score is None or len(score.distribution) != 10:
        return []
    most = max(score.distribution) or 1.0
    heights = [round(BAR_HEIGHT * share / most, 1) for share in score.distribution]
    return [
        {
            "score": number,
            "share": 100 * share,
            "x": 24 * (number - 1),
            "middle": 24 * (number - 1) + 10,
            "y": BAR_HEIGHT - height,
            "height": height,
        }
        for number, (share, height) in enumerate(
            zip(score.distribution, heights, strict=True), start=1
        )
    ]


def _photo_or_404(pk: int) -> Photo:
    found = selectors.photo_get(pk)
    if found is None:
        raise Http404
    return found


def _filter(query: QueryDict) -> PhotoFilter:
    """Where somebody came from; an address that was tampered with leads to all photos."""
    try:
        return filter_read(query)
    except FilterProblem:
        return PhotoFilter()


def _verb(query: QueryDict) -> bool:
    do = query.get("do", "exclude")
    if do not in {"exclude", "include"}:
        raise Http404
    return do == "exclude"


def _back(request: HttpRequest, found: Photo) -> str:
    """Return the page of the form: of this site, or the photo's own."""
    address = request.POST.get("next", "")
    if address and url_has_allowed_host_and_scheme(
        address, {request.get_host()}, require_https=request.is_secure()
    ):
        return address
    query = filter_query(_filter(request.POST))
    own = reverse("models_dashboard:dataset_photo", args=[found.pk])
    return f"{own}?{query}" if query else own
