"""Cells of a CSV file that a spreadsheet may open."""

from datetime import datetime

# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def stamp(value: datetime) -> str:
    """Write a moment, which is UTC, as ISO 8601 to the millisecond."""
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def guarded(text: str) -> str:
    """Return the text, with an apostrophe before it where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def number_guarded(text: str) -> str:
    """Return the text, guarded unless it writes a number: -0.4 stays."""
    try:
        float(text)
    except ValueError:
        return guarded(text)
    return text


def cell(value: object, kind: str) -> str:
    """Write one cell; no kind lets through what a spreadsheet would run.

    Kind "text" takes -0.4 for a text too, every other one for a number.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        return stamp(value)
    text = str(value)
    return guarded(text) if kind == "text" else number_guarded(text)
