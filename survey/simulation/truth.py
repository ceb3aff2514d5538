"""The planted truth: who prefers what. Pure; no Django.

    P(original) = lapse / 2 + (1 - lapse) * logistic(utility + side + person + photo)

`utility` belongs to the condition, `side` is +side_bias where the original is on the left and
-side_bias where it is on the right, `person` and `photo` are normal with the standard deviations
annotator_sd and photo_sd. Everything is drawn by hashing what it is about together with the seed,
never from a generator with a state: which pairs an annotator gets is drawn by the leases, at
random, and the same annotator asked the same pair answers the same in whatever order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from math import exp
from statistics import NormalDist

import numpy as np

# Nodes of the quadrature over people and photos; exact to 1e-9 for deviations up to 3.
NODES = 64


def uniform(seed: int, *about: object) -> float:
    """Draw from (0, 1): a function of seed and subject, the same on every machine."""
    text = "\x1f".join([str(seed), *map(str, about)])
    number = int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 11
    return (number + 0.5) / 2**53


def normal(seed: int, *about: object) -> float:
    """Draw from the standard normal, as `uniform`."""
    return NormalDist().inv_cdf(uniform(seed, *about))


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


@dataclass(frozen=True, slots=True)
class Asked:
    """One trial as the truth sees it."""

    # Counted from 0.
    annotator: int
    photo: str
    # As in exports: distortion/level.
    condition: str
    original_left: bool


@dataclass(frozen=True)
class Truth:
    """What is planted; utilities in logits by condition, positive: the original is preferred."""

    seed: int
    utilities: Mapping[str, float]
    # Share of answers that are given without looking.
    lapse: float
    # Logits in favour of the left photo.
    side_bias: float
    # Standard deviations in logits.
    annotator_sd: float
    photo_sd: float

    def chance(self, asked: Asked) -> float:
        """Probability that this annotator prefers the original in this trial."""
        person = self.annotator_sd * normal(self.seed, "annotator", asked.annotator)
        photo = self.photo_sd * normal(self.seed, "photo", asked.photo)
        return self._chance(asked.condition, asked.original_left, person + photo)

    def original_preferred(self, asked: Asked) -> bool:
        """Tell the answer; the side moves the chance, not the draw."""
        drawn = uniform(self.seed, "answer", asked.annotator, asked.photo, asked.condition)
        return drawn < self.chance(asked)

    def share(self, condition: str) -> float:
        """Planted share: the chance over all people, photos and both sides."""
        return (self.share_sided(condition, True) + self.share_sided(condition, False)) / 2

    def share_left(self, condition: str) -> float:
        """Planted share of answers "left", the original being on either side equally often."""
        left, right = (self.share_sided(condition, side) for side in (True, False))
        return (left + 1 - right) / 2

    def share_sided(self, condition: str, original_left: bool) -> float:
        """The chance over all people and photos, with the original on one side."""
        nodes, weights = self._spread
        chances = [self._chance(condition, original_left, node) for node in nodes]
        return sum(w * chance for w, chance in zip(weights, chances, strict=True))

    @cached_property
    def _spread(self) -> tuple[list[float], list[float]]:
        """People and photos together: nodes in logits, and weights that sum to 1."""
        spread = (self.annotator_sd**2 + self.photo_sd**2) ** 0.5
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        return (spread * nodes).tolist(), (weights / weights.sum()).tolist()

    def _chance(self, condition: str, original_left: bool, more: float) -> float:
        side = self.side_bias if original_left else -self.side_bias
        judged = logistic(self.utilities[condition] + side + more)
        return self.lapse / 2 + (1 - self.lapse) * judged
