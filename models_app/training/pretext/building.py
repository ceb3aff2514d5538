"""Build what a configuration's task needs: the views, the terms and what is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import cast

from models_app.distortions.engine import Geometry, Order
from models_app.training.config import TrainConfig
from models_app.training.pretext.base import Term, Views
from models_app.training.pretext.chart import Chart, chart_build
from models_app.training.pretext.registry import TERMS
from models_app.training.views.augmented import Augmented
from models_app.training.views.rotations import Rotations
from models_app.training.views.variants import Variants

PAIRS, DISTORTED = 500, 171
"""Of the paper's 21 distortions, for which its temperature was chosen."""


@dataclass(frozen=True)
class Pretext:
    """A task, ready to be trained and evaluated.

    Attributes
    ----------
    chart
        What is known of the variants; None where the views are none.
    views
        Makes the pictures of photos.
    terms
        By key, in the configuration's order.
    dropout
        Share of features that heads do without while training.
    temperature
        T of the balance; see `temperature_of`.
    """

    chart: Chart | None
    views: Views
    terms: Mapping[str, Term]
    dropout: float
    temperature: float


def pretext_build(config: TrainConfig) -> Pretext:
    """Build a configuration's task.

    Raises
    ------
    ConfigInvalid
        If its distortions leave a term nothing to learn; see `chart_build`.
    """
    chart = chart_build(config) if config.entry.views == "variants" else None
    return Pretext(
        chart,
        _views(config, chart),
        MappingProxyType({key: _term(key, config, chart) for key in config.terms}),
        0.0 if chart is None else config.head_dropout,
        temperature_of(config, chart),
    )


def temperature_of(config: TrainConfig, chart: Chart | None) -> float:
    """Return T, smaller where fewer variants make the losses smaller.

    Losses are sums, so that with half of the pairs exp(L / T) would be a flatter curve. Where
    photos are ranked T is rescaled by pairs / 500; where they are only classified or regressed, by
    distorted variants / 171, since it is these that are summed (nearly the same number, and right
    also for levels without an order). Tasks without variants keep T as configured.
    """
    if chart is None or not config.rescale_temperature:
        return config.temperature
    if config.entry.ranks:
        return config.temperature * len(chart.pairs) / PAIRS
    return config.temperature * len(chart.distorted) / DISTORTED


def _views(config: TrainConfig, chart: Chart | None) -> Views:
    geometry = Geometry(config.side, cast("Order", config.order))
    if chart is not None:
        return Variants(chart.variants, preset=chart.preset, geometry=geometry)
    if config.entry.views == "rotations":
        return Rotations(preset=config.preset, geometry=geometry)
    return Augmented(config.side)


def _term(key: str, config: TrainConfig, chart: Chart | None) -> Term:
    module, _dot, name = TERMS[key].path.rpartition(".")
    term: Term = getattr(import_module(module), name)(config, chart)
    return term
