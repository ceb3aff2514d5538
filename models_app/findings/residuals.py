"""An evaluation image by image: what charts and tables of a page are drawn from."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from models_app.services.evaluations import Floats, Predictions

# More points than this, and a chart is a blot.
MOST_POINTS = 3000
TRUTH_BINS = 9
ERROR_BINS = 24


@dataclass(frozen=True, slots=True)
class Furthest:
    """An image whose prediction is far from its label."""

    name: str
    truth: float
    prediction: float

    @property
    def error(self) -> float:
        return self.prediction - self.truth


def points_drawn(predictions: Predictions) -> list[list[float]]:
    """Return (label, prediction on the labels' scale), evenly taken where there are too many."""
    every = ceil(len(predictions) / MOST_POINTS)
    pairs = np.column_stack([predictions.truth, predictions.mapped])[::every]
    return [[round(float(a), 3), round(float(b), 3)] for a, b in pairs]


def truth_bins(predictions: Predictions) -> list[dict[str, Any]]:
    """Return a row for each stretch of labels: how many images, their means, the mean error.

    Stretches are equally long between the least and the greatest label; empty ones are left out.
    """
    truth, said = predictions.truth, predictions.mapped
    edges = _edges(float(truth.min()), float(truth.max()), TRUTH_BINS)
    place = np.clip(np.searchsorted(edges, truth, side="right") - 1, 0, TRUTH_BINS - 1)
    rows = []
    for at in range(TRUTH_BINS):
        here = place == at
        if not here.any():
            continue
        rows.append(
            {
                "low": float(edges[at]),
                "high": float(edges[at + 1]),
                "n": int(here.sum()),
                "truth": float(truth[here].mean()),
                "prediction": float(said[here].mean()),
                "mae": float(np.abs(said[here] - truth[here]).mean()),
            }
        )
    return rows


def error_bins(predictions: Predictions) -> dict[str, Any]:
    """Return a histogram of prediction minus label, as wide to either side of 0."""
    errors = predictions.mapped - predictions.truth
    reach = float(np.abs(errors).max()) or 1.0
    counts, edges = np.histogram(errors, bins=ERROR_BINS, range=(-reach, reach))
    return {"low": -reach, "width": float(edges[1] - edges[0]), "counts": counts.tolist()}


def furthest(predictions: Predictions, n: int, *, above: bool) -> list[Furthest]:
    """Return the images that were rated too high most (or too low), the worst first."""
    errors = predictions.mapped - predictions.truth
    order = np.argsort(-errors if above else errors, kind="stable")[:n]
    return [
        Furthest(
            predictions.names[place],
            float(predictions.truth[place]),
            float(predictions.mapped[place]),
        )
        for place in order.tolist()
        if (errors[place] > 0) == above and errors[place] != 0
    ]


def _edges(low: float, high: float, bins: int) -> Floats:
    return np.linspace(low, high if high > low else low + 1, bins + 1)
