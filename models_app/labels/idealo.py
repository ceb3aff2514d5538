"""idealo's label files: a JSON list of entries with image_id and a label of ten numbers."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from models_app.labels.base import Read, Row, Scale
from models_app.labels.reading import Malformed, options_check, reader_make
from models_app.labels.text import json_read

OPTIONS = ("part",)


def entries_read(
    path: Path,
    options: Mapping[str, str],
    scale: Scale,
    row: Callable[[str, Sequence[float], Scale], Row],
) -> Read:
    """Read such a file; `row` makes a row of an entry's name and numbers."""
    options_check(options, OPTIONS)
    reader = reader_make(path, scale, options)
    for place, entry in enumerate(json_read(path), start=1):
        known = entry if isinstance(entry, dict) else {}
        name = str(known.get("image_id", ""))
        with reader.line(place, name):
            reader.take(place, row(name, _numbers(known, scale.bins), scale))
    return reader.done()


def _numbers(entry: Mapping[str, object], wanted: int) -> list[float]:
    label = entry.get("label")
    if not isinstance(label, list) or len(label) != wanted:
        raise Malformed(f"it has no image_id with a label of {wanted} numbers")
    if not all(_is_number(each) for each in label):
        raise Malformed("its label has entries that are no numbers")
    return [float(each) for each in label]


def _is_number(each: object) -> bool:
    # JSON's true is a number to Python, and its reader takes NaN and Infinity.
    return isinstance(each, int | float) and not isinstance(each, bool) and math.isfinite(each)
