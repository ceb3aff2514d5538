"""Numbers for formats that have types."""

from math import isfinite


def number(value: float | str | None) -> float | None:
    """Read a number; None for a text that writes none, and for what JSON cannot hold."""
    try:
        found = float(value) if value is not None else None
    except ValueError:
        return None
    return found if found is not None and isfinite(found) else None
