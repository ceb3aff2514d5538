"""The codebook: every column with meaning, unit and values."""

import csv
import io
import json

from survey import exports
from survey.api.serializers import ViewingInput
from survey.models import Survey


def rows(survey: Survey) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(exports.codebook_csv(survey)), newline="")))


def test_it_explains_every_column_and_the_two_parameter_edits(survey: Survey):
    found = rows(survey)
    explained = [row["column"] for row in found]
    assert explained[: len(exports.COLUMNS)] == [column.name for column in exports.COLUMNS]
    assert len(set(explained)) == len(explained)
    assert all(row["meaning"] and row["type"] for row in found)
    (note,) = found[len(exports.COLUMNS) :]
    assert (note["column"], note["type"]) == ("distortion shadows", "note")
    assert note["meaning"] == "Two edits at once."


def test_numbers_have_a_unit_or_a_range():
    for column in exports.COLUMNS:
        if column.type in {"integer", "number"}:
            assert column.unit or column.values or column.name == "step", column.name
        if column.type in {"boolean", "time"}:
            assert column.values, column.name


def test_ranges_are_those_that_the_api_lets_in():
    ranges = {column.name: column.values for column in exports.COLUMNS}
    for name, field in ViewingInput().fields.items():
        if name != "layout":
            assert ranges[name] == f"{field.min_value} to {field.max_value}"


def test_json_and_csv_say_the_same(survey: Survey):
    found = json.loads("".join(exports.codebook_json(survey)))
    assert (found["survey"], found["schema_version"]) == ("study", exports.SCHEMA_VERSION)
    assert found["columns"] == rows(survey)[: len(exports.COLUMNS)]
    assert found["distortions"] == [{"distortion": "shadows", "note": "Two edits at once."}]
