"""What every column means: a file beside each export, and inside those that can hold it."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from survey.exports.cells import guarded
from survey.exports.columns import COLUMNS, SCHEMA_VERSION
from survey.models import Survey
from survey.selectors.surveys import conditions_of

HEAD = ("column", "type", "unit", "values", "empty", "meaning")


def codebook(survey: Survey) -> dict[str, Any]:
    """Columns, then the distortions of the survey that carry a note; one query."""
    notes = {c.distortion: c.note for c in conditions_of(survey) if c.note}
    return {
        "survey": survey.slug,
        "schema_version": SCHEMA_VERSION,
        "columns": [
            {
                "column": column.name,
                "type": column.type.value,
                "unit": column.unit,
                "values": column.values,
                "empty": column.empty,
                "meaning": column.meaning,
            }
            for column in COLUMNS
        ],
        "distortions": [{"distortion": key, "note": notes[key]} for key in sorted(notes)],
    }


def codebook_csv(survey: Survey) -> Iterator[str]:
    """Yield the lines: one a column, then one a distortion with a note."""
    found = codebook(survey)
    yield _line(HEAD)
    for column in found["columns"]:
        yield _line([column[name] for name in HEAD])
    for each in found["distortions"]:
        yield _line([f"distortion {each['distortion']}", "note", "", "", "", each["note"]])


def codebook_json(survey: Survey) -> Iterator[str]:
    yield json.dumps(codebook(survey), ensure_ascii=False, indent=1) + "\n"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(guarded(text) for text in cells)
    return out.getvalue()
