"""Least-voted condition first, least-shown photo within it, sides counterbalanced."""

import random
from collections.abc import Callable, Mapping, Sequence

from survey.pairing.base import Candidate, Choice, Shown

# Chance of the side that is behind, by how far it is behind (Efron 1971, Biometrika 58:403, biased
# coin). Forcing the side would balance faster and let an annotator know it beforehand.
WITHIN_CONDITION: tuple[float, ...] = (0.5, 0.6, 0.7, 0.85, 1)
WITHIN_PERSON: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9, 1)


class Balanced:
    def pair_choose(
        self,
        counts: Mapping[int, int],
        candidates: Callable[[int], Sequence[Candidate]],
        history: Sequence[Shown],
        rng: random.Random,
    ) -> Choice | None:
        # Drawing the tie-breaker first makes every order of equally voted conditions as likely.
        order = sorted(counts, key=lambda condition: (counts[condition], rng.random()))
        for condition in order:
            found = candidates(condition)
            if found:
                least = min(candidate.shown for candidate in found)
                pick = rng.choice([c for c in found if c.shown == least])
                return Choice(condition, pick.stimulus, original_left(condition, history, rng))
        return None


def original_left(condition: int, history: Sequence[Shown], rng: random.Random) -> bool:
    """Draw the side of the original with a biased coin.

    Where this person has seen one side more often within the condition, the other side is the
    likelier; else the same over all their trials. Sides never differ by more than four within a
    condition.
    """
    same = [trial.original_left for trial in history if trial.condition == condition]
    lead = 2 * sum(same) - len(same)
    chances = WITHIN_CONDITION
    if not lead:
        lead = 2 * sum(trial.original_left for trial in history) - len(history)
        chances = WITHIN_PERSON
    behind = chances[min(abs(lead), len(chances) - 1)]
    left_is_behind = lead <= 0
    return (rng.random() < behind) == left_is_behind
