"""What a pairing strategy is: pure; counts and a random generator in, one pair out."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Candidate(NamedTuple):
    stimulus: int
    # How often this pair was shown to anybody of the person's origin.
    shown: int


class Shown(NamedTuple):
    """An earlier trial of this person."""

    condition: int
    original_left: bool


@dataclass(frozen=True, slots=True)
class Choice:
    condition: int
    stimulus: int
    original_left: bool


class Strategy(Protocol):
    def pair_choose(
        self,
        counts: Mapping[int, int],
        candidates: Callable[[int], Sequence[Candidate]],
        history: Sequence[Shown],
        rng: random.Random,
    ) -> Choice | None:
        """Choose the next pair of one person.

        `counts` gives votes and open leases of every condition that has a ready pair;
        `candidates(condition)` the pairs that this person may still see (it may run a query);
        `history` the person's trials so far, oldest first. None: nothing is left to show.
        """
        ...
