"""The command that writes votes: the format that a file's name says, or none at all."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from survey.models import Survey
from tests.people import Annotator


@pytest.fixture
def voted(survey: Survey, annotator: Annotator) -> Survey:
    annotator.vote(annotator.pair()["trials"][0]["token"])
    return survey


def write(path: Path, **options: str) -> bytes:
    out = io.StringIO()
    call_command("export_votes", survey="study", output=path, stdout=out, **options)
    assert f"1 votes in {path}" in out.getvalue()
    assert (path.parent / f"{path.stem}.codebook.csv").read_text().startswith("column,")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("h.jsonl", {}),
        ("h.JSONL", {}),
        ("h", {"format": "jsonl"}),
        ("h.jsonl", {"format": "jsonl"}),
    ],
)
def test_the_ending_or_the_option_says_the_format(voted: Survey, tmp_path, name, options):
    (line,) = write(tmp_path / name, **options).splitlines()
    assert json.loads(line)["origin"] == "participant"


def test_without_either_it_is_csv(voted: Survey, tmp_path):
    assert write(tmp_path / "h").startswith(b"schema_version,")


@pytest.mark.parametrize(
    ("name", "options", "held"),
    [
        ("h.xlsx", {}, "csv"),
        ("h.csv.gz", {}, "csv"),
        ("h.csv", {"format": "parquet"}, "parquet"),
        ("h.parquet", {"format": "csv"}, "csv"),
        ("h.xlsx", {"format": "jsonl"}, "jsonl"),
    ],
)
def test_a_name_that_says_something_else_is_refused(
    voted: Survey, tmp_path, name: str, options: dict, held: str
):
    said = f"^{name} would hold {held}, and its ending says .* are: csv, jsonl, parquet\\.$"
    with pytest.raises(CommandError, match=said):
        call_command("export_votes", survey="study", output=tmp_path / name, **options)
    assert not list(tmp_path.iterdir())
