"""Results that carry their uncertainty."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval.

    Attributes
    ----------
    value, low, high : float
        The estimate and the ends of its interval, in the unit of the estimate.
    n : int
        Observations behind it.
    method : str
        Name of the interval, for captions and exports.
    confidence : float
        Nominal coverage, 0..1.
    """

    value: float
    low: float
    high: float
    n: int
    method: str
    confidence: float = 0.95


class Undefined(ValueError):
    """The data do not define the result (no votes, for one); the text says why."""
