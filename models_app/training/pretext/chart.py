"""What is known of a photo's variants without looking at them; no torch, no Django.

A chart says which variants of a preset are made, which of two is the less distorted one, and what
each was done to. Losses and evaluation read the same chart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from models_app.distortions.catalogue import Aspect, Chain, Entry, Level, Variant
from models_app.distortions.registry import preset_get
from models_app.training.errors import ConfigInvalid

if TYPE_CHECKING:
    from models_app.training.config import TrainConfig

Integers = NDArray[np.int64]
Target = Literal["step", "value"]

NO_CLASS = -1
"""Stands for a reference wherever a variant's distortion, aspect or class is asked for."""


class Targets(NamedTuple):
    """What regression judges, a row each, shape [T].

    Attributes
    ----------
    views, columns
        Place of the variant, and of its distortion's output.
    values
        Intensity, -1..1.
    """

    views: Integers
    columns: Integers
    values: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Chart:
    """The V variants of some distortions of a preset, and the P ordered pairs among them.

    Attributes
    ----------
    preset
        Its key.
    distortions
        Those that are made, in the preset's order.
    variants
        The references that they need, then their levels: `Preset.variants` without the rest.
    """

    preset: str
    distortions: tuple[Entry, ...]
    variants: tuple[Variant, ...]

    @cached_property
    def places(self) -> dict[Variant, int]:
        """Place of each variant."""
        return {variant: place for place, variant in enumerate(self.variants)}

    @cached_property
    def aspects(self) -> tuple[Aspect, ...]:
        """Those of the distortions, in the order technical, style, composition."""
        used = {entry.aspect for entry in self.distortions}
        return tuple(aspect for aspect in get_args(Aspect) if aspect in used)

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """All chains, in the order of the distortions."""
        return tuple(chain for entry in self.distortions for chain in entry.chains)

    @cached_property
    def pairs(self) -> Integers:
        """Places of the less and of the more distorted variant, shape [P, 2]; chain by chain."""
        found = [
            (self.places[less], self.places[more])
            for chain in self.chains
            for less, more in chain.pairs()
        ]
        return _integers(found).reshape(-1, 2)

    @cached_property
    def pair_chain(self) -> Integers:
        """Place of each pair's chain in `chains`, shape [P]."""
        sizes = [len(list(chain.pairs())) for chain in self.chains]
        return np.repeat(np.arange(len(self.chains)), sizes)

    @cached_property
    def pair_distortion(self) -> Integers:
        """Place of each pair's distortion in `distortions`, shape [P]."""
        return self.variant_distortion[self.pairs[:, 1]]

    @cached_property
    def pair_aspect(self) -> Integers:
        """Place of each pair's aspect in `aspects`, shape [P]; with three scores, its score."""
        return self.variant_aspect[self.pairs[:, 1]]

    @cached_property
    def pair_polarity(self) -> Integers:
        """-1 for a chain below the default, 1 for one above it, shape [P]."""
        return _integers([chain.polarity for chain in self.chains])[self.pair_chain]

    @cached_property
    def pair_identical(self) -> NDArray[np.bool_]:
        """Whether both variants of a pair are the same picture by definition, shape [P]."""
        same = self.untouched[self.pairs]
        return same[:, 0] & same[:, 1]

    @cached_property
    def levels(self) -> tuple[Level | None, ...]:
        """The level of each variant; None for a reference."""
        known = {
            (entry.key, level.key): level for entry in self.distortions for level in entry.levels
        }
        return tuple(known.get(variant) for variant in self.variants)

    @cached_property
    def untouched(self) -> NDArray[np.bool_]:
        """Whether a variant is a reference, or its level changes nothing of it, shape [V]."""
        return np.array([level is None or level.identity for level in self.levels], dtype=bool)

    @cached_property
    def distorted(self) -> Integers:
        """Places of the variants that are no references, shape [D]."""
        return np.flatnonzero(self.variant_distortion != NO_CLASS)

    @cached_property
    def variant_distortion(self) -> Integers:
        """Place of each variant's distortion in `distortions`, `NO_CLASS` for references; [V]."""
        order = {entry.key: place for place, entry in enumerate(self.distortions)}
        return _integers([order.get(key, NO_CLASS) for key, _level in self.variants])

    @cached_property
    def variant_aspect(self) -> Integers:
        """Place of each variant's aspect in `aspects`, `NO_CLASS` for references; [V]."""
        of_distortion = [self.aspects.index(entry.aspect) for entry in self.distortions]
        return _looked_up(of_distortion, self.variant_distortion)

    @cached_property
    def classes(self) -> tuple[Entry, ...]:
        """The distortion that each output of classification stands for, aspect by aspect."""
        return tuple(
            entry for aspect in self.aspects for entry in self.distortions if entry.aspect == aspect
        )

    @cached_property
    def class_aspect(self) -> Integers:
        """Place of each class's aspect in `aspects`: which softmax it belongs to; [K]."""
        return _integers([self.aspects.index(entry.aspect) for entry in self.classes])

    @cached_property
    def variant_class(self) -> Integers:
        """Place of each variant's distortion in `classes`, `NO_CLASS` for references; [V]."""
        of_distortion = [self.classes.index(entry) for entry in self.distortions]
        return _looked_up(of_distortion, self.variant_distortion)

    @cached_property
    def regressed(self) -> tuple[Entry, ...]:
        """The distortion that each output of regression stands for: those that have an order."""
        return tuple(entry for entry in self.distortions if entry.chains)

    def targets(self, kind: Target, *, references: bool) -> Targets:
        """Return what regression should say.

        Parameters
        ----------
        kind
            `step`: the level is the k-th of n outwards in its chain, k / n with the chain's sign,
            as released. `value`: its distance from the default as a share of that of the chain's
            outermost level, with the chain's sign; for a default of 0 that is the printed
            norm(i), and the others are brought to it by counting from their default, since the
            paper does not say how.
        references
            Whether the reference of each distortion regresses to 0 on that distortion's output.
        """
        rows = [
            (self.places[entry.key, level.key], column, value)
            for column, entry in enumerate(self.regressed)
            for chain in entry.chains
            for level, value in zip(chain.levels, _intensities(entry, chain, kind), strict=True)
        ]
        if references:
            rows += [
                (self.places[entry.reference, ""], column, 0.0)
                for column, entry in enumerate(self.regressed)
            ]
        views, columns, values = zip(*rows, strict=True) if rows else ((), (), ())
        return Targets(_integers(views), _integers(columns), np.array(values, dtype=np.float32))


def _intensities(entry: Entry, chain: Chain, kind: Target) -> list[float]:
    if kind == "step":
        count = len(chain.levels)
        return [chain.polarity * place / count for place in range(1, count + 1)]
    # Without a default all levels count upwards, from nothing.
    default = entry.default or 0.0
    distances = [abs(level.value - default) for level in chain.levels]
    return [chain.polarity * distance / max(distances) for distance in distances]


def _integers(values: Sequence[object]) -> Integers:
    return np.array(values, dtype=np.int64)


def _looked_up(of_distortion: Sequence[int], variant_distortion: Integers) -> Integers:
    # The entry behind the last is what NO_CLASS, -1, finds.
    return _integers([*of_distortion, NO_CLASS])[variant_distortion]


def chart_build(config: "TrainConfig") -> Chart:
    """Build the chart of a configuration's distortions.

    Raises
    ------
    ConfigInvalid
        If a term would have nothing to learn from these distortions, or one of them mixes photos.
    """
    selected = config.selected
    preset = preset_get(config.preset)
    needed = {entry.key for entry in selected} | {entry.reference for entry in selected}
    chart = Chart(
        config.preset,
        selected,
        tuple(variant for variant in preset.variants if variant[0] in needed),
    )
    mixing = [entry.key for entry in selected if entry.mixes]
    if mixing:
        rest = ",".join(entry.key for entry in selected if not entry.mixes)
        raise ConfigInvalid(
            f"{', '.join(mixing)} mixes two photos, so that a photo's variants would depend on "
            f"its batch; leave it out of distortions: {rest or 'choose others'}.",
            "distortions",
        )
    _check_terms(config.terms, chart)
    return chart


def _check_terms(terms: Sequence[str], chart: Chart) -> None:
    wanted = {
        "ranking": (len(chart.chains) > 0, "ranks levels, and none of them have an order"),
        "regression": (len(chart.regressed) > 0, "needs levels that have an order"),
        "classification": (
            len(chart.classes) > len(chart.aspects),
            "tells distortions of an aspect apart, and each aspect has only one",
        ),
    }
    for term in terms:
        possible, why = wanted.get(term, (True, ""))
        if not possible:
            keys = ", ".join(entry.key for entry in chart.distortions)
            raise ConfigInvalid(
                f"distortions are {keys}, and {term} {why}; choose more distortions.",
                "distortions",
            )
