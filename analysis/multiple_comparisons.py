"""Which of several tests stay significant when all of them are looked at together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.types import Undefined

Rule = Literal["bonferroni", "holm"]

ALPHA = 0.01
"""The paper's level."""

DAGGER = "†"
"""Mark of a significant result in a table."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a test says within its family.

    Attributes
    ----------
    p, bonferroni, holm : float
        The test's own p, and p adjusted for the family, each 0..1.
    significant : bool
        Whether p, adjusted by `rule`, is at most `alpha`.
    alpha : float
        Probability of one or more false findings in the family.
    rule : {"bonferroni", "holm"}
        Which adjustment decides.
    family : int
        Tests in the family.
    mark : str
        A dagger where significant, otherwise empty.
    """

    p: float
    bonferroni: float
    holm: float
    significant: bool
    alpha: float
    rule: Rule
    family: int
    mark: str


def bonferroni(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p values by their number.

    Parameters
    ----------
    p_values : array_like of float, shape (tests,)
        0..1 each; all tests that belong to the family, whatever they say.

    Returns
    -------
    numpy.ndarray of float, shape (tests,)
        p x tests, at most 1.

    Raises
    ------
    Undefined
        Without tests.
    ValueError
        For another shape, or values that are no probabilities.

    References
    ----------
    Dunn (1961), JASA 56:52-64.
    """
    p = _checked(p_values)
    return np.minimum(1.0, p * len(p))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p values by Holm's step-down rule: never above Bonferroni's, the same guarantee.

    Parameters
    ----------
    p_values : array_like of float, shape (tests,)
        As in `bonferroni`.

    Returns
    -------
    numpy.ndarray of float, shape (tests,)
        In the order of `p_values`: the i-th smallest times (tests - i + 1), never below the one
        before it, at most 1.

    Raises
    ------
    Undefined, ValueError
        As in `bonferroni`.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6:65-70.
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted


def family_decide(
    p_values: Mapping[str, float], *, alpha: float = ALPHA, rule: Rule = "bonferroni"
) -> dict[str, Decision]:
    """Decide which tests of a family are significant.

    Parameters
    ----------
    p_values : mapping of str to float
        The family by name. A family is what is read together: in Table 2 the models of one column,
        each against the same baseline on the same photos.
    alpha : float
        Between 0 and 1.
    rule : {"bonferroni", "holm"}
        Which adjustment decides; both are in the result.

    Raises
    ------
    Undefined
        Without tests.
    ValueError
        For an alpha or a rule out of range, or values that are no probabilities.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; allowed is a number between 0 and 1")
    if rule not in ("bonferroni", "holm"):
        raise ValueError(f"rule is {rule!r}; allowed are bonferroni, holm")
    values = list(p_values.values())
    both = {"bonferroni": bonferroni(values), "holm": holm(values)}
    decided = {}
    for place, (name, p) in enumerate(p_values.items()):
        significant = bool(both[rule][place] <= alpha)
        decided[name] = Decision(
            p=float(p),
            bonferroni=float(both["bonferroni"][place]),
            holm=float(both["holm"][place]),
            significant=significant,
            alpha=alpha,
            rule=rule,
            family=len(values),
            mark=DAGGER if significant else "",
        )
    return decided


def _checked(p_values: ArrayLike) -> NDArray[np.float64]:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1:
        raise ValueError(f"p values have shape {p.shape}; they must be one number a test")
    if not len(p):
        raise Undefined("a family needs at least one test; there are none")
    wrong = p[~((p >= 0) & (p <= 1))]
    if len(wrong):
        raise ValueError(f"a p value is {wrong[0]}; allowed is a number from 0 to 1")
    return p
