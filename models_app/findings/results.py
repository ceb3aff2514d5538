"""From rows to figures with their intervals: what pages, artifacts and comparisons show."""

from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np

from analysis.diversity import effective_number, effective_number_grouped
from analysis.intervals import wilson
from analysis.types import Estimate, Undefined
from models_app.findings.references import reference_get
from models_app.models import Job, PhotoContent
from models_app.selectors import findings as selectors

# Pfister et al. (2021), section 4: the share of their photos that a NIMA scores above 5.
PAPER_SHARE = 0.88
# Fewer photos an effective class than this, and the number of order 1 comes out too low.
ENOUGH = 10
# A fixed seed: the same rows give the same interval on every page.
SEED = 20210619


def nima_figures(job: Job) -> dict[str, Any]:
    """Figures of a NIMA check so far; one query."""
    scores = selectors.scores_summary(job)
    share = wilson(scores.above, scores.n) if scores.n else None
    return {**asdict(scores), "share": estimate_dict(share)}


def estimate_dict(estimate: Estimate | None) -> dict[str, Any] | None:
    return None if estimate is None else asdict(estimate)


def diversity_figures(job: Job) -> dict[str, Any]:
    """Figures of a finished diversity check, for its result; reads every row.

    photos, classes, objects (how many labels), effective_classes and effective_objects, each by
    order: an estimate, or {undefined: why}.
    """
    classes = [row["photos"] for row in selectors.content_counts(job, PhotoContent.Kind.CLASS)]
    table = _incidence(job)
    return {
        "photos": sum(classes),
        "classes": len(classes),
        "objects": table.shape[1],
        "effective_classes": effective(classes, grouped=False),
        "effective_objects": effective(table, grouped=True),
    }


def labels_compared(job: Job, kind: PhotoContent.Kind) -> dict[str, Any]:
    """Labels with their share of photos, ours and the reference's; two queries.

    {photos, reference_photos, error, rows: [{label, photos, things, share, theirs}]}, ours first.
    A reference's photos are the sum of its classes: each photo has exactly one.
    """
    photos = selectors.photos_checked(job)
    listed, classes = reference_get(kind), reference_get(PhotoContent.Kind.CLASS)
    theirs = dict(listed.counts) if listed else {}
    total = classes.total if classes else 0
    rows = []
    for row in selectors.content_counts(job, kind):
        found = theirs.pop(row["label"], 0)
        rows.append({**row, "theirs": _share(found, total if listed else 0)})
    rows += [
        {"label": label, "photos": 0, "things": 0, "theirs": _share(n, total)}
        for label, n in theirs.items()
    ]
    for row in rows:
        row["share"] = _share(row["photos"], photos)
    errors = [each.error for each in (listed, classes) if each and each.error]
    return {
        "photos": photos,
        "reference_photos": total if listed else 0,
        "error": errors[0] if errors else "",
        "rows": rows,
    }


def _share(count: int, total: int) -> dict[str, Any] | None:
    # A label may be counted more often than there are photos where a list counts objects.
    return estimate_dict(wilson(count, total)) if total and count <= total else None


def effective(counts: Any, *, grouped: bool) -> dict[str, Any]:
    """Return effective numbers by order; a text in place of one that the data do not define."""
    count = effective_number_grouped if grouped else effective_number
    found: dict[str, Any] = {}
    for order in (1, 2):
        try:
            estimate = count(counts, order=order, rng=np.random.default_rng(SEED))
        except Undefined as error:
            found[f"order{order}"] = {"undefined": str(error)}
        else:
            few = order == 1 and estimate.n < ENOUGH * estimate.value
            found[f"order{order}"] = {**asdict(estimate), "few": few}
    return found


def _incidence(job: Job) -> np.ndarray[Any, Any]:
    """Which object is on which photo, 0 or 1: shape (photos, labels)."""
    rows = selectors.object_pairs(job)
    labels = {label: place for place, label in enumerate(sorted({label for _, label in rows}))}
    photos = {photo: place for place, photo in enumerate(selectors.photo_keys_checked(job))}
    table = np.zeros((len(photos), len(labels)), dtype=np.int64)
    for photo, label in rows:
        table[photos[photo], labels[label]] = 1
    return table


@lru_cache(maxsize=8)
def reference_effective(counts: tuple[int, ...]) -> dict[str, Any]:
    """Effective numbers of somebody else's counts; kept, for they take a tenth of a second."""
    return effective(counts, grouped=False)
