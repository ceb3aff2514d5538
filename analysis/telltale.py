"""Does a feature tell which of two things is the one meant? The best rule found on one half of the
pairs is tried on the other half, so that searching through many rules costs no false alarms.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.binomial import above_chance, exact_interval
from analysis.telltale_rules import Candidate, Value, rules_of_pair, rules_of_sides
from analysis.types import Estimate

LEAST_PAIRS = 8


@dataclass(frozen=True, slots=True)
class Sides:
    """A feature that each of the two has: one value a pair for the left one, one for the right.

    Attributes
    ----------
    left, right : sequence of float, str or None, shape (pairs,)
        None where the feature is absent.
    """

    left: Sequence[Value]
    right: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Whole:
    """A feature of the pair as a whole.

    Attributes
    ----------
    values : sequence of float, str or None, shape (pairs,)
        None where the feature is absent.
    """

    values: Sequence[Value]


Feature = Sides | Whole


def joint(sides: Sides, *, ordered: bool = True) -> Whole:
    """Give what the two have together, as a feature of the pair.

    Rules about either side compare the two, so what they share decides nothing there, even where
    it depends on which side is meant.

    Parameters
    ----------
    sides : Sides
    ordered : bool
        Whether the left value comes first. Where the values themselves tell, only False makes a
        joint value that does not: exchanging the two then leaves it as it is.

    Returns
    -------
    Whole
        The value where the two agree. Else of numbers the mean, of others both as one text.
    """
    return Whole([_joint(a, b, ordered) for a, b in zip(sides.left, sides.right, strict=True)])


def _joint(left: Value, right: Value, ordered: bool) -> Value:
    if left == right:
        return left
    if isinstance(left, int | float) and isinstance(right, int | float):
        return (left + right) / 2
    both = [str(left), str(right)]
    return " | ".join(both if ordered else sorted(both))


@dataclass(frozen=True, slots=True)
class Telling:
    """How far a feature tells.

    Attributes
    ----------
    kind, mark : str, float or str or None
        The rule that was best on the first half (`analysis.telltale_rules`) and what it looks for;
        kind is empty where no rule decided anything there.
    reverse : bool
        Whether the rule points away from the one meant.
    named, decided, tried : int
        Pairs of the other half: named right, decided by the rule, all.
    share : Estimate or None
        named / decided with its exact interval; None where nothing was decided.
    p : float
        One-sided exact p against a half of `decided`; 1 where nothing was decided.
    differs : bool
        False where the feature is the same in all pairs, which tells nothing.
    """

    kind: str
    mark: Value
    reverse: bool
    named: int
    decided: int
    tried: int
    share: Estimate | None
    p: float
    differs: bool


def halves_draw(pairs: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw which pairs a rule is learned on: half of them, the smaller half where odd.

    Raises
    ------
    ValueError
        Below LEAST_PAIRS pairs: even a rule that is always right could not be told from luck.
    """
    if pairs < LEAST_PAIRS:
        raise ValueError(f"{pairs} pairs cannot be halved; allowed are at least {LEAST_PAIRS}")
    learned = np.zeros(pairs, dtype=np.bool_)
    learned[rng.permutation(pairs)[: pairs // 2]] = True
    return learned


def feature_tells(
    feature: Feature,
    left_meant: Sequence[bool],
    learned: NDArray[np.bool_],
    *,
    confidence: float = 0.95,
) -> Telling:
    """Search the best rule on one half and try it on the other.

    Rules are made from the values alone and chosen by right minus wrong decisions on the learned
    half; a pair on which a rule does not decide counts there as half right. On the other half such
    pairs are left out: which pairs are decided does not depend on which side is meant, so without
    a leak each decided pair is a fair coin.

    Parameters
    ----------
    feature : Sides or Whole
        Over the pairs, in their order.
    left_meant : sequence of bool, shape (pairs,)
        Whether the left one is the one meant.
    learned : numpy.ndarray of bool, shape (pairs,)
        True where a pair belongs to the half on which the rule is chosen (`halves_draw`).
    confidence : float
        Of the interval, between 0 and 1.

    Raises
    ------
    ValueError
        Where the shapes differ.
    """
    truth = np.where(np.asarray(left_meant, dtype=np.bool_), 1, -1)
    _shapes_check(feature, truth, learned)
    tried = int((~learned).sum())
    if not differs(feature):
        return Telling("", None, False, 0, 0, tried, None, 1.0, False)
    best, net = _best(_candidates(feature, truth, learned), truth, learned)
    if best is None:
        return Telling("", None, False, 0, 0, tried, None, 1.0, True)
    says = (best.says if net >= 0 else -best.says)[~learned]
    decided = int((says != 0).sum())
    named = int((says == truth[~learned]).sum())
    share = exact_interval(named, decided, confidence=confidence) if decided else None
    p = above_chance(named, decided)
    return Telling(best.kind, best.mark, net < 0, named, decided, tried, share, p, True)


def differs(feature: Feature) -> bool:
    """Tell whether the feature has more than one value: between sides, or among pairs."""
    if isinstance(feature, Whole):
        return len(set(feature.values)) > 1
    return any(a != b for a, b in zip(feature.left, feature.right, strict=True))


def _candidates(
    feature: Feature, truth: NDArray[np.int_], learned: NDArray[np.bool_]
) -> Iterator[Candidate]:
    if isinstance(feature, Whole):
        return rules_of_pair(feature.values, truth, learned)
    return rules_of_sides(feature.left, feature.right, truth, learned)


def _best(
    candidates: Iterable[Candidate], truth: NDArray[np.int_], learned: NDArray[np.bool_]
) -> tuple[Candidate | None, int]:
    """Return the rule with most right minus wrong decisions, the first (simplest) of equals."""
    best, best_net, best_size = None, 0, -1
    for candidate in candidates:
        says = candidate.says if candidate.honest is None else candidate.honest
        net = int((says[learned] * truth[learned]).sum())
        # A table was learned with its direction; turned round it would be another rule.
        if candidate.honest is not None and net < 0:
            continue
        # A rule that came out even is still one to try; one that decides nothing is none.
        if abs(net) > best_size and candidate.says[learned].any():
            best, best_net, best_size = candidate, net, abs(net)
    return best, best_net


def _shapes_check(feature: Feature, truth: NDArray[np.int_], learned: NDArray[np.bool_]) -> None:
    columns = [feature.values] if isinstance(feature, Whole) else [feature.left, feature.right]
    sizes = {len(column) for column in columns} | {len(truth), len(learned)}
    if len(sizes) != 1:
        raise ValueError(f"values, sides and halves are of {sorted(sizes)} pairs; they must agree")
