"""What an evaluation could have found, and the results of it."""

from typing import Any

import numpy as np

from models_app.training.config import TrainConfig
from models_app.training.measured import SAMPLES, Kept, Measured
from models_app.training.pretext.chart import Chart, chart_build
from models_app.training.results import results_make, targets_of

ORIGIN = {"kind": "random", "file": "", "sha256": "", "random": True, "text": "random"}
PHOTOS = 6


def config_of(task: str = "ranking", **options: object) -> TrainConfig:
    return TrainConfig(task=task, side=32, weights="random", **options)


def measured_of(config: TrainConfig, photos: int = PHOTOS, seed: int = 1) -> Measured:
    """Made-up outputs of a network that is right more often than not."""
    draw = np.random.default_rng(seed)
    chart = chart_build(config)
    identities = tuple((f"{n:064x}", f"photo {n}.jpg") for n in range(photos))
    outputs = {}
    if config.entry.ranks:
        width = len(chart.aspects) if config.score_head == "three" else 1
        outputs["ranking"] = (len(chart.variants), width)
    if "regression" in config.terms:
        outputs["regression"] = (len(chart.variants), len(chart.regressed))
    kept = {
        photo: Kept(
            {key: draw.random(shape).astype(np.float32) for key, shape in outputs.items()},
            draw.integers(0, 255, (len(chart.variants), 4, 4, 3), dtype=np.uint8),
        )
        for photo in identities[:SAMPLES]
    }
    outcomes = draw.choice([1, 0, -1], (photos, len(chart.pairs)), p=[0.7, 0.1, 0.2])
    right = draw.random((photos, len(chart.distorted))) < 0.6
    squares = draw.random((photos, len(targets_of(config, chart).values)))
    return Measured(
        identities,
        {term: float(draw.random()) for term in config.terms},
        outcomes.astype(np.int8) if config.entry.ranks else None,
        right if "classification" in config.terms else None,
        squares.astype(np.float32) if "regression" in config.terms else None,
        kept,
    )


def make(
    config: TrainConfig,
    measured: Measured,
    chart: Chart | None = None,
    *,
    split: str = "validation",
    best_epoch: int | None = 3,
) -> dict[str, Any]:
    if chart is None and config.entry.views == "variants":
        chart = chart_build(config)
    rng = np.random.default_rng(7)
    return results_make(
        measured,
        config=config,
        chart=chart,
        origin=ORIGIN,
        split=split,
        rng=rng,
        best_epoch=best_epoch,
        steps=40,
    )
