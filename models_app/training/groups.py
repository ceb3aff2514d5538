"""Which pairs and pictures results are told of together; no torch, no Django."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models_app.training.pretext.chart import Chart, Targets

Kind = Literal["all", "aspect", "distortion", "chain", "level"]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Some pairs or pictures of each photo.

    Attributes
    ----------
    kind, key
        What it is: key of an aspect or a distortion (chains and levels: their distortion's), or
        `all`.
    aspect
        Empty for `all`.
    members
        Which pairs or pictures belong to it, shape [M].
    polarity, level, step
        Of a chain: its sign. Of a level: sign of its chain, key and step. Else 0 and empty.
    """

    kind: Kind
    key: str
    aspect: str
    members: Mask
    polarity: int = 0
    level: str = ""
    step: int = 0


def pair_groups(chart: Chart) -> list[Group]:
    """Return the groups of ordered pairs, [P]; a level has those that it is the worse one of."""
    found = [Group("all", "all", "", np.ones(len(chart.pairs), dtype=bool))]
    for place, aspect in enumerate(chart.aspects):
        found.append(Group("aspect", aspect, aspect, chart.pair_aspect == place))
    for place, entry in enumerate(chart.distortions):
        if entry.chains:
            own = chart.pair_distortion == place
            found.append(Group("distortion", entry.key, entry.aspect, own))
    aspects = {entry.key: entry.aspect for entry in chart.distortions}
    for place, chain in enumerate(chart.chains):
        own = chart.pair_chain == place
        aspect = aspects[chain.distortion]
        found.append(Group("chain", chain.distortion, aspect, own, chain.polarity))
    return found + list(_level_groups(chart))


def _level_groups(chart: Chart) -> Iterator[Group]:
    for entry in chart.distortions:
        for level in entry.levels if entry.chains else ():
            own = chart.pairs[:, 1] == chart.places[entry.key, level.key]
            polarity = -1 if level.step < 0 else 1
            yield Group("level", entry.key, entry.aspect, own, polarity, level.key, level.step)


def picture_groups(chart: Chart) -> list[Group]:
    """Return the groups of distorted pictures, [D]: aspects, then distortions."""
    aspects, distortions = (
        of[chart.distorted] for of in (chart.variant_aspect, chart.variant_distortion)
    )
    found = [
        Group("aspect", aspect, aspect, aspects == place)
        for place, aspect in enumerate(chart.aspects)
    ]
    return found + [
        Group("distortion", entry.key, entry.aspect, distortions == place)
        for place, entry in enumerate(chart.distortions)
    ]


def target_groups(chart: Chart, targets: Targets) -> list[Group]:
    """Return the groups of regressed pictures, [T]: all, then distortions."""
    found = [Group("all", "all", "", np.ones(len(targets.values), dtype=bool))]
    return found + [
        Group("distortion", entry.key, entry.aspect, targets.columns == column)
        for column, entry in enumerate(chart.regressed)
    ]


def sums(values: NDArray[np.generic], groups: Sequence[Group]) -> NDArray[np.float64]:
    """Return sums over groups: [n, M] to [n, G]."""
    members = np.stack([group.members for group in groups], axis=1)
    return np.asarray(values, dtype=np.float64) @ members.astype(np.float64)
