"""What each format promises beside its rows."""

import io
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from survey import exports
from survey.errors import SurveyInvalid
from survey.exports.base import Column, Table, Type
from survey.exports.formats import format_get, parquet_file
from survey.models import Survey
from tests.people import Annotator

NUMBERS = Column("n", Type.INTEGER, "a number", lambda batch: [])
WORDS = Column("word", Type.TEXT, "a word", lambda batch: [], empty="now and then")


def table(batches) -> Table:
    return Table((NUMBERS, WORDS), batches, {"columns": []})


def made(form: str, batches) -> bytes:
    return b"".join(format_get(form).chunks(table(batches)))


def test_there_are_three_formats():
    assert list(exports.REGISTRY) == ["csv", "jsonl", "parquet"]


@pytest.mark.parametrize("form", list(exports.REGISTRY))
def test_a_format_streams_and_reads_batches_one_by_one(form: str):
    taken = []

    def batches():
        for first in range(0, 150_000, 30_000):
            taken.append(first)
            yield [range(first, first + 30_000), ["=1+1", None, "x"] * 10_000]

    chunks = format_get(form).chunks(table(batches()))
    next(chunks)
    # A piece comes before all is read: at the latest with a full row group.
    assert len(taken) <= 2
    rest = list(chunks)
    assert len(taken) == 5
    assert rest


def test_only_csv_guards_texts_against_spreadsheets():
    rows = [[(1, 2), ("=1+1", None)]]
    assert made("csv", rows) == b"n,word\r\n1,'=1+1\r\n2,\r\n"
    assert made("jsonl", rows) == b'{"n":1,"word":"=1+1"}\n{"n":2,"word":null}\n'
    assert pq.read_table(io.BytesIO(made("parquet", rows))).to_pylist() == [
        {"n": 1, "word": "=1+1"},
        {"n": 2, "word": None},
    ]


def test_parquet_has_a_fixed_schema_that_explains_itself(survey: Survey, annotator: Annotator):
    annotator.vote(annotator.pair()["trials"][0]["token"])
    content = b"".join(exports.votes_export(survey, form="parquet").chunks)
    schema = pq.read_schema(io.BytesIO(content))
    for column, field in zip(exports.COLUMNS, schema, strict=True):
        assert field.name == column.name
        assert field.metadata[b"meaning"].decode() == column.meaning
        assert field.nullable == bool(column.empty)
    assert schema.field("voted_at").type == pa.timestamp("ms", tz="UTC")
    assert pa.types.is_dictionary(schema.field("photo").type)
    assert json.loads(schema.metadata[b"codebook"]) == json.loads(
        "".join(exports.codebook_json(survey))
    )


def test_parquet_writes_row_groups_as_they_fill(monkeypatch):
    monkeypatch.setattr(parquet_file, "GROUP", 4)
    content = made("parquet", [[range(n, n + 3), ["a", "b", "c"]] for n in range(0, 12, 3)])
    found = pq.ParquetFile(io.BytesIO(content))
    assert found.num_row_groups == 2
    assert found.read().column("n").to_pylist() == list(range(12))


def test_a_parquet_file_that_ends_early_is_taken_by_nobody():
    def batches():
        yield [range(60_000), ["a"] * 60_000]
        raise OSError("the database went away")

    chunks = format_get("parquet").chunks(table(batches()))
    content = next(chunks)
    with pytest.raises(OSError, match="went away"):
        next(chunks)
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(io.BytesIO(content))


def test_without_its_package_parquet_is_refused_and_says_what_to_install(
    survey: Survey, monkeypatch
):
    # What Python itself does with a package that cannot be imported.
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SurveyInvalid, match=r"requirements/parquet\.txt"):
        exports.votes_export(survey, form="parquet")
    assert exports.votes_export(survey, form="jsonl")
