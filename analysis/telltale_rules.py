"""Rules by which a feature could tell: each says left, right or nothing of every pair.

A rule is made from the values alone; only the table of values looks at the half that is learned.
Kinds of rules, with what their mark is:

    greater   the greater number
    later     the text that comes later in the alphabet
    by        as greater, where the two differ by more than the mark
    above     of a pair's number: left where it is above the mark, else right
    present   the one that has the feature
    longer    the longer text
    digits, capitals   the text with more of them
    is        the one whose value is the mark; of a pair's value: left where it is, else right
    starts, ends, contains   the text that does so with the mark; of a pair's text likewise
    table     a score a value, learned: how much more often the one meant had it
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Value = float | str | None
Says = NDArray[np.int_]

# A mark that divides fewer pairs cannot be learned and tried.
LEAST_DIVIDED = 4
VALUES_MOST = 200
TEXT_MOST = 240
PREFIX_MOST = 4
GRAM_MOST = 3
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule and what it says.

    Attributes
    ----------
    kind, mark : str, float or str or None
        See the module.
    says : numpy.ndarray of int, shape (pairs,)
        1 left, -1 right, 0 nothing.
    honest : numpy.ndarray of int or None
        What a learned rule would say of each learned pair had that pair not been among them:
        otherwise a table that has merely memorised its half would seem the best rule of all.
    """

    kind: str
    mark: Value
    says: Says
    honest: Says | None = None


def rules_of_sides(
    left: Sequence[Value], right: Sequence[Value], truth: Says, learned: NDArray[np.bool_]
) -> Iterator[Candidate]:
    """Rules for a feature of either side, the simplest first.

    Parameters
    ----------
    left, right : sequence, shape (pairs,)
    truth : numpy.ndarray of int, shape (pairs,)
        1 where the left one is meant, -1 where the right one is; read where `learned` only.
    learned : numpy.ndarray of bool, shape (pairs,)
    """
    if any((a is None) != (b is None) for a, b in zip(left, right, strict=True)):
        has = [np.array([value is not None for value in side], dtype=int) for side in (left, right)]
        yield Candidate("present", None, has[0] - has[1])
    if _numbers(left) and _numbers(right):
        yield from _number_rules(_floats(left) - _floats(right))
        yield from _value_rules(left, right)
    else:
        yield from _value_rules(left, right)
        yield from _text_rules(_texts(left), _texts(right))
    yield _table_of_sides(left, right, truth, learned)


def rules_of_pair(
    values: Sequence[Value], truth: Says, learned: NDArray[np.bool_]
) -> Iterator[Candidate]:
    """Rules for a feature of the pair as a whole; parameters as in `rules_of_sides`."""
    common = [value for value, n in Counter(values).most_common(VALUES_MOST) if n < len(values)]
    for value in common:
        yield Candidate("is", value, np.array([1 if v == value else -1 for v in values]))
    if _numbers(values):
        numbers = _floats(values)
        for mark in np.unique(np.nanquantile(numbers, QUANTILES)):
            yield Candidate("above", float(mark), _sign(numbers - mark, otherwise=-1))
    else:
        texts = _texts(values)
        divided = _divided([_marks(text) for text in texts], [set() for _text in texts])
        for (kind, mark), places in divided:
            says = np.full(len(values), -1)
            says[[place for place, _side in places]] = 1
            yield Candidate(kind, mark, says)
    yield _table_of_pairs(values, truth, learned)


def _numbers(values: Sequence[Value]) -> bool:
    return all(value is None or isinstance(value, int | float) for value in values) and any(
        value is not None for value in values
    )


def _floats(values: Sequence[Value]) -> NDArray[np.float64]:
    return np.array([np.nan if v is None else float(v) for v in values], dtype=np.float64)


def _texts(values: Sequence[Value]) -> list[str]:
    return ["" if value is None else str(value)[:TEXT_MOST] for value in values]


def _sign(numbers: NDArray[np.float64], *, otherwise: int = 0) -> Says:
    """Sign as -1, 0, 1; what is no number decides nothing, a zero says `otherwise`."""
    known = np.isfinite(numbers)
    signs = np.sign(np.where(known, numbers, 0)).astype(int)
    return np.where(known & (signs == 0), otherwise, signs)


def _number_rules(difference: NDArray[np.float64]) -> Iterator[Candidate]:
    yield Candidate("greater", None, _sign(difference))
    known = difference[np.isfinite(difference)]
    if not len(known):
        return
    for mark in np.unique(np.quantile(np.abs(known), QUANTILES)):
        far = np.abs(np.nan_to_num(difference)) > mark
        yield Candidate("by", float(mark), np.where(far, _sign(difference), 0))


def _text_rules(left: Sequence[str], right: Sequence[str]) -> Iterator[Candidate]:
    both = list(zip(left, right, strict=True))
    yield Candidate("later", None, np.array([(a > b) - (a < b) for a, b in both]))
    for kind, size in (
        ("longer", len),
        ("digits", lambda text: sum(map(str.isdigit, text))),
        ("capitals", lambda text: sum(map(str.isupper, text))),
    ):
        yield Candidate(kind, None, np.array([np.sign(size(a) - size(b)) for a, b in both]))
    divided = _divided([_marks(text) for text in left], [_marks(text) for text in right])
    for (kind, mark), places in divided:
        says = np.zeros(len(both), dtype=int)
        for place, side in places:
            says[place] = side
        yield Candidate(kind, mark, says)


Mark = tuple[str, str]


def _marks(text: str) -> set[Mark]:
    """Return beginnings, ends and parts of a text."""
    marks = {("starts", text[:n]) for n in range(1, PREFIX_MOST + 1) if n <= len(text)}
    marks |= {("ends", text[-n:]) for n in range(1, PREFIX_MOST + 1) if n <= len(text)}
    marks |= {
        ("contains", text[at : at + n])
        for n in range(1, GRAM_MOST + 1)
        for at in range(len(text) - n + 1)
    }
    return marks


def _divided(
    left: Sequence[set[Mark]], right: Sequence[set[Mark]]
) -> list[tuple[Mark, list[tuple[int, int]]]]:
    """Return marks that one of the two has, with (pair, 1 left or -1 right) each, in one order."""
    found: dict[Mark, list[tuple[int, int]]] = defaultdict(list)
    for place, (a, b) in enumerate(zip(left, right, strict=True)):
        for mark in a - b:
            found[mark].append((place, 1))
        for mark in b - a:
            found[mark].append((place, -1))
    enough = [(mark, places) for mark, places in found.items() if len(places) >= LEAST_DIVIDED]
    return sorted(enough, key=lambda item: (-len(item[1]), item[0]))


def _value_rules(left: Sequence[Value], right: Sequence[Value]) -> Iterator[Candidate]:
    both = list(zip(left, right, strict=True))
    counts = Counter(value for pair in both if pair[0] != pair[1] for value in pair)
    for value, n in counts.most_common(VALUES_MOST):
        if n >= LEAST_DIVIDED and value is not None:
            yield Candidate("is", value, np.array([(a == value) - (b == value) for a, b in both]))


def _table_of_sides(
    left: Sequence[Value], right: Sequence[Value], truth: Says, learned: NDArray[np.bool_]
) -> Candidate:
    scores: Counter[Value] = Counter()
    for place in np.flatnonzero(learned).tolist():
        scores[left[place]] += int(truth[place])
        scores[right[place]] -= int(truth[place])
    raw = np.array([scores[a] - scores[b] for a, b in zip(left, right, strict=True)])
    same = np.array([a == b for a, b in zip(left, right, strict=True)])
    # Its own answer moved left's score by `truth` and right's by the opposite.
    honest = np.where(learned, raw - 2 * truth, raw)
    return Candidate(
        "table", None, np.where(same, 0, np.sign(raw)), np.where(same, 0, np.sign(honest))
    )


def _table_of_pairs(values: Sequence[Value], truth: Says, learned: NDArray[np.bool_]) -> Candidate:
    scores: Counter[Value] = Counter()
    for place in np.flatnonzero(learned).tolist():
        scores[values[place]] += int(truth[place])
    raw = np.array([scores[value] for value in values])
    return Candidate("table", None, np.sign(raw), np.sign(np.where(learned, raw - truth, raw)))
