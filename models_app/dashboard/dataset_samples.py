"""A seeded random sample of a dataset: the page, its figure, its list."""

from dataclasses import dataclass, replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.dashboard.dataset_filters import (
    FilterProblem,
    filter_chips,
    filter_pairs,
    filter_query,
    filter_read,
)
from models_app.dashboard.datasets import dataset_or_404, tiles_make
from models_app.errors import DatasetError
from models_app.models import Dataset
from models_app.selectors import photos as photo_selectors
from models_app.selectors.datasets import is_generated
from models_app.selectors.photos import Card, PhotoFilter
from models_app.services.samples import figure_make, sample_csv
from survey.roles import analyst_required

SIZE, SIZE_MOST = 24, 60
SEED, SEED_MOST = 1, 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Sample:
    dataset: Dataset
    wanted: PhotoFilter
    size: int
    seed: int
    cards: list[Card]

    @property
    def query(self) -> str:
        return filter_query(self.wanted, sample=self.size, seed=self.seed)

    @property
    def file(self) -> str:
        return f"{slugify(self.dataset.name) or 'dataset'}-sample-{self.seed}"


@require_GET
@analyst_required
@never_cache
def sample(request: HttpRequest, pk: int) -> HttpResponse:
    found = dataset_or_404(pk)
    try:
        drawn = _drawn(request, found)
    except FilterProblem as error:
        context = {"dataset": found, "problem": str(error), "size": SIZE, "seed": SEED}
        return render(request, "dashboard/dataset_sample.html", context, status=400)
    context = {
        "dataset": found,
        "is_generated": is_generated(found),
        "cards": drawn.cards,
        "tiles": tiles_make(drawn.cards),
        "chips": filter_chips(drawn.wanted),
        "pairs": filter_pairs(drawn.wanted),
        "query": drawn.query,
        "filter_query": filter_query(drawn.wanted),
        "size": drawn.size,
        "seed": drawn.seed,
        "size_most": SIZE_MOST,
        "seed_most": SEED_MOST,
        "uncredited": sum(not card.photo.credit for card in drawn.cards),
    }
    return render(request, "dashboard/dataset_sample.html", context)


@require_GET
@analyst_required
@never_cache
def figure(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the sample as one PNG."""
    drawn = _drawn_or_404(request, pk)
    try:
        content = figure_make([card.photo for card in drawn.cards])
    except DatasetError as error:
        return HttpResponse(str(error), content_type="text/plain; charset=utf-8", status=409)
    return _download(content, "image/png", f"{drawn.file}.png")


@require_GET
@analyst_required
@never_cache
def listing(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer what stands where in the figure, with credits, as CSV."""
    drawn = _drawn_or_404(request, pk)
    lines = "".join(sample_csv([card.photo for card in drawn.cards], seed=drawn.seed))
    return _download(lines.encode(), "text/csv; charset=utf-8", f"{drawn.file}.csv")


def _download(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _drawn_or_404(request: HttpRequest, pk: int) -> _Sample:
    try:
        drawn = _drawn(request, dataset_or_404(pk))
    except FilterProblem as error:
        raise Http404 from error
    if not drawn.cards:
        raise Http404
    return drawn


def _drawn(request: HttpRequest, found: Dataset) -> _Sample:
    wanted = filter_read(request.GET)
    # The order of the photos is the draw's, and excluded ones are drawn only when asked for.
    wanted = replace(wanted, state=wanted.state or "included", sort="name")
    size = _whole(request, "sample", SIZE, low=1, high=SIZE_MOST)
    seed = _whole(request, "seed", SEED, low=0, high=SEED_MOST)
    checks = photo_selectors.checks_get(found)
    keys = photo_selectors.photos_sample(found, wanted, checks, size=size, seed=seed)
    return _Sample(found, wanted, size, seed, photo_selectors.cards_get(keys, checks))


def _whole(request: HttpRequest, name: str, default: int, *, low: int, high: int) -> int:
    text = request.GET.get(name, "").strip() or str(default)
    # int() takes some letters of other alphabets, and endless texts.
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
    if not low <= number <= high:
        raise FilterProblem(
            _("%(name)s is %(text)r; write a whole number from %(low)d to %(high)d.")
            % {"name": name, "text": text[:40], "low": low, "high": high}
        )
    return number
