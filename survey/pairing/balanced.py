"""Least-voted condition first, least-shown photo within it, sides counterbalanced."""

import random
from collections.abc import Callable, Mapping, Sequence

from survey.pairing.base import Candidate, Choice, Shown

# Half of every so many trials of a person have the original on the left, in random order: balanced
# soon, and yet no run of answers tells the side of the next one (strict alternation would).
BLOCK = 10


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
    """Draw the side of the original.

    Within a condition the side shown less often to this person comes next; where that says
    nothing, the draw is from what is left of the current block of ten.
    """
    same = [trial.original_left for trial in history if trial.condition == condition]
    lead = 2 * sum(same) - len(same)
    if lead:
        return lead < 0
    block = history[len(history) - len(history) % BLOCK :]
    lefts = sum(trial.original_left for trial in block)
    rights = len(block) - lefts
    half = BLOCK // 2
    # A condition's own balance may have used up one side of the block: then the other is due.
    left_over, right_over = max(half - lefts, 0), max(half - rights, 0)
    return rng.random() * (left_over + right_over) < left_over
