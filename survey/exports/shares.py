"""Shares a condition, as the charts show them."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from survey.exports.cells import cell

COLUMNS = (
    # A level that is no number is guarded like a text.
    ("distortion", "text"), ("level", "number"), ("step", "number"), ("votes", "number"),
    ("originals", "number"), ("share", "number"), ("low", "number"), ("high", "number"),
    ("interval", "text"), ("note", "text"),
)  # fmt: skip


def curves_csv(results: dict[str, Any]) -> Iterator[str]:
    """Yield shares a condition with their Wilson intervals."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(name for name, _kind in COLUMNS)
    for distortion in results["distortions"]:
        for level in distortion["levels"]:
            share = level["share"] or {"value": "", "low": "", "high": "", "method": ""}
            row = (
                distortion["key"], level["level"], level["step"], level["votes"],
                level["originals"], share["value"], share["low"], share["high"], share["method"],
                distortion["note"],
            )  # fmt: skip
            writer.writerow(
                cell(value, kind) for value, (_name, kind) in zip(row, COLUMNS, strict=True)
            )
    yield out.getvalue()
