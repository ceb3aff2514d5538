"""CSV: one row a vote, safe for spreadsheets, true to the votes."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from survey import exports
from survey.models import Survey, Vote
from tests.people import Annotator


def read(lines) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(lines), newline="")))


def test_every_vote_is_a_row_that_can_be_analysed(survey: Survey, annotator: Annotator):
    state = annotator.pair()
    while state["state"] == "pair":
        state = annotator.vote(state["trials"][0]["token"]).json()
    rows = read(exports.votes_csv(survey))
    assert len(rows) == 4
    for row, vote in zip(rows, Vote.objects.order_by("pk"), strict=True):
        trial = vote.assignment
        assert row["observer"] == annotator.session.participant.code
        assert row["trial"] == str(trial.position)
        assert row["photo"] == row["scene"] == trial.stimulus.photo
        assert (row["distortion"], row["level"]) == (
            trial.condition.distortion,
            trial.condition.level,
        )
        assert row["condition_A"] == "original"
        assert row["condition_B"] == f"{row['distortion']}/{row['level']}"
        assert row["is_A_selected"] == str(int(row["chosen_side"] == row["original_side"]))
        assert (row["response_ms"], row["rendered_width"]) == ("1234", "512.5")
        assert datetime.fromisoformat(row["voted_at"]).tzinfo is not None
        assert row["excluded_reason"] == ""


def test_no_row_names_a_database_key_or_a_cookie(survey: Survey, annotator: Annotator):
    annotator.vote(annotator.pair()["trials"][0]["token"])
    text = "".join(exports.votes_csv(survey))
    assert annotator.session.key not in text
    assert "_id" not in text.splitlines()[0]


def test_previews_are_left_out_unless_asked_for(survey: Survey):
    person = Annotator(survey, preview=True)
    person.vote(person.pair()["trials"][0]["token"])
    assert read(exports.votes_csv(survey)) == []
    (row,) = read(exports.votes_csv(survey, previews=True))
    assert row["excluded_reason"] == "staff preview"


def test_the_codebook_explains_every_column_and_the_two_parameter_edits(survey: Survey):
    rows = read(exports.codebook_csv(survey))
    explained = [row["column"] for row in rows]
    assert explained[: len(exports.COLUMNS)] == [column.name for column in exports.COLUMNS]
    assert all(row["meaning"] for row in rows)
    assert {"column": "distortion shadows", "kind": "note", "meaning": "Two edits at once."} in rows


@given(st.text())
def test_no_text_cell_can_be_a_formula(text: str):
    written = exports.cell(text, "text")
    assert not written.startswith(exports.FORMULA_STARTS)
    assert written in {text, f"'{text}"}


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
        min_size=1,
        max_size=6,
    )
)
def test_any_text_survives_the_csv(values: list[str]):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([exports.cell(v, "text") for v in values])
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert [
        cell.removeprefix("'") if cell != value else cell
        for cell, value in zip(row, values, strict=True)
    ] == values


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_stay_numbers(number):
    assert float(exports.cell(number, "number")) == float(number)


def test_times_are_utc_and_whole():
    when = datetime(2026, 11, 21, 9, 30, 0, 123456, tzinfo=UTC)
    assert exports.cell(when, "text") == "2026-11-21T09:30:00.123Z"


def test_the_command_writes_votes_and_codebook(survey: Survey, annotator: Annotator, tmp_path):
    annotator.vote(annotator.pair()["trials"][0]["token"])
    out = io.StringIO()
    call_command("export_votes", survey="study", output=tmp_path / "votes.csv", stdout=out)
    assert "1 votes" in out.getvalue()
    with (tmp_path / "votes.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 1
    assert (tmp_path / "votes.codebook.csv").read_text().startswith("column,kind,meaning")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["votes.codebook.csv", "votes.csv"]


@pytest.mark.parametrize(
    ("slug", "output", "said"),
    [
        ("nowhere", "votes.csv", "no survey 'nowhere'"),
        ("study", "no/folder/v.csv", "cannot be written"),
    ],
)
def test_the_command_refuses_in_words(survey: Survey, tmp_path, slug, output, said):
    with pytest.raises(CommandError, match=said):
        call_command("export_votes", survey=slug, output=tmp_path / output)
    assert not list(tmp_path.iterdir())
