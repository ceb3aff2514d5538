"""One row a vote, true to the votes, in every format."""

import csv
import io
import json
import re
from datetime import datetime

import pyarrow.parquet as pq
import pytest

from survey import exports
from survey.errors import SurveyInvalid
from survey.exports.base import Batch
from survey.models import Assignment, Session, Stimulus, Survey, Vote
from survey.selectors.votes import FIELDS
from tests.people import Annotator

FORMS = list(exports.REGISTRY)


def whole(survey: Survey, form: str = "csv", **asked) -> bytes:
    return b"".join(exports.votes_export(survey, form=form, **asked).chunks)


def rows_of(survey: Survey, form: str = "csv", **asked) -> list[dict]:
    content = whole(survey, form, **asked)
    if form == "csv":
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    if form == "jsonl":
        return [json.loads(line) for line in content.decode().splitlines()]
    return pq.read_table(io.BytesIO(content)).to_pylist()


def as_text(value: object) -> str:
    """A typed value as CSV writes it."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return "" if value is None else str(value)


@pytest.fixture
def voted(survey: Survey, annotator: Annotator) -> Survey:
    """Four votes of a participant, the second one revised; one of a preview, one simulated."""
    for person in (
        annotator,
        Annotator(survey, origin="test"),
        Annotator(survey, origin="simulated"),
    ):
        state = person.pair()
        while state["state"] == "pair":
            state = person.vote(state["trials"][0]["token"]).json()
            if person is not annotator:
                break
    second = Vote.objects.order_by("pk")[1]
    Vote.objects.filter(pk=second.pk).update(
        revised=True, first_chosen_side="right", first_response_ms=777,
        first_created_at=second.created_at,
    )  # fmt: skip
    return survey


def test_every_vote_is_a_row_that_can_be_analysed(voted: Survey, annotator: Annotator):
    rows = rows_of(voted)
    assert len(rows) == 4
    votes = Vote.objects.filter(origin="person").order_by("pk")
    for row, vote in zip(rows, votes, strict=True):
        trial = vote.assignment
        assert row["schema_version"] == "2"
        assert row["observer"] == annotator.session.participant.code
        assert (row["session"], row["session_resumes"]) == ("1", "0")
        assert row["trial"] == str(trial.position)
        assert row["photo"] == row["scene"] == trial.stimulus.photo
        assert (row["distortion"], row["level"], row["step"]) == (
            trial.condition.distortion,
            trial.condition.level,
            str(trial.condition.step),
        )
        assert row["condition_A"] == "original"
        assert row["condition_B"] == f"{row['distortion']}/{row['level']}"
        assert row["is_A_selected"] == str(int(row["chosen_side"] == row["original_side"]))
        assert row["rendered_width"] == "512.5"
        assert datetime.fromisoformat(row["voted_at"]).tzinfo is not None
        assert (row["origin"], row["excluded_reason"]) == ("participant", "")


def test_a_revised_vote_keeps_its_first_answer_and_the_time_of_that_one_only(voted: Survey):
    plain, revised, *_others = rows_of(voted)
    assert (plain["revised"], plain["response_ms"]) == ("0", "1234")
    assert [plain[f"first_{name}"] for name in ("chosen_side", "response_ms", "voted_at")] == [
        ""
    ] * 3
    assert (revised["revised"], revised["response_ms"]) == ("1", "")
    assert (revised["chosen_side"], revised["first_chosen_side"]) == ("left", "right")
    assert revised["first_response_ms"] == "777"
    assert revised["first_voted_at"] == revised["voted_at"]


@pytest.mark.parametrize("form", FORMS)
def test_others_are_left_out_unless_asked_for_and_then_marked(voted: Survey, form: str):
    assert len(rows_of(voted, form)) == 4
    everybody = rows_of(voted, form, origins={"person", "test", "simulated"})
    assert [row["origin"] for row in everybody[4:]] == ["test", "simulated"]
    assert [row["excluded_reason"] for row in everybody[4:]] == ["test", "simulated"]
    (simulated,) = rows_of(voted, form, origins={"simulated"})
    assert simulated["origin"] == "simulated"


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_all_formats_say_the_same(voted: Survey, form: str):
    everybody = {"person", "test", "simulated"}
    plain, typed = (rows_of(voted, each, origins=everybody) for each in ("csv", form))
    assert len(plain) == len(typed) == 6
    for text, row in zip(plain, typed, strict=True):
        assert list(row) == list(text)
        assert float(text.pop("level")) == row.pop("level")
        assert float(text.pop("device_pixel_ratio")) == row.pop("device_pixel_ratio")
        for name, value in row.items():
            # An apostrophe guards a cell of CSV only.
            assert text[name] in {as_text(value), f"'{as_text(value)}"}, name


TYPES = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "time": datetime,
}


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_values_are_of_their_columns_type_and_empty_only_where_that_is_said(
    voted: Survey, form: str
):
    for row in rows_of(voted, form):
        for column in exports.COLUMNS:
            value = row[column.name]
            if form == "jsonl" and column.type == "time" and value:
                value = datetime.fromisoformat(value)
            if value is None:
                assert column.empty, column.name
            else:
                assert type(value) is TYPES[column.type.value], column.name


def test_the_codebook_is_true_for_yes_and_no_in_every_format(voted: Survey):
    for form in FORMS:
        written = {"csv": ("1", "0")}.get(form, (True, False))
        said = {"csv": (r"in CSV 1\) = (.+?),", r"in CSV 0\) = (.+)$")}.get(
            form, (r"^true .*?= (.+?),", r"false .*?= (.+)$")
        )
        for column in exports.COLUMNS:
            if column.type == "boolean":
                assert {row[column.name] for row in rows_of(voted, form)} <= set(written)
                words = [re.search(pattern, column.values)[1] for pattern in said]
                assert words in (["yes", "no"], ["the original", "the edited photo"])


@pytest.mark.parametrize("form", FORMS)
def test_no_vote_makes_an_empty_file_that_can_be_read(survey: Survey, form: str):
    file = exports.votes_export(survey, form=form)
    content = b"".join(file.chunks)
    assert file.votes == 0
    if form == "jsonl":
        assert content == b""
    elif form == "csv":
        assert content.decode().strip().split(",") == [c.name for c in exports.COLUMNS]
    else:
        found = pq.read_table(io.BytesIO(content))
        assert found.num_rows == 0
        assert found.column_names == [c.name for c in exports.COLUMNS]


@pytest.mark.parametrize("form", FORMS)
def test_no_column_holds_a_cookie_a_token_or_a_file_name(voted: Survey, form: str):
    secrets = {
        *Session.objects.values_list("key", flat=True),
        *Assignment.objects.values_list("token", flat=True),
        *Assignment.objects.values_list("left_token", flat=True),
        *Assignment.objects.values_list("right_token", flat=True),
        *Stimulus.objects.values_list("file", flat=True),
    }
    assert len(secrets) > 20
    for row in rows_of(voted, form):
        for name, value in row.items():
            assert not name.endswith(("_id", "_pk", "_key"))
            assert not any(secret in str(value) for secret in secrets), name


def test_no_column_holds_a_database_key(voted: Survey):
    """Every column of a batch whose keys are unmistakable."""
    keys = {"assignment__condition_id": (987_654,), "assignment__session_id": (987_655,)}
    assert {name for name in FIELDS if name.endswith(("_id", "__id", "pk"))} == keys.keys()
    fields = dict.fromkeys(FIELDS, ("person",)) | keys
    conditions = {987_654: voted.conditions.first()}
    batch = Batch(fields, 1, "study", "pfister2021", conditions, {987_655: 2})
    for column in exports.COLUMNS:
        assert not set(column.taken(batch)) & {987_654, 987_655}, column.name


def test_later_sessions_are_counted(voted: Survey, annotator: Annotator):
    first = annotator.session
    again = Session.objects.create(participant=first.participant, key="k" * 43, resumes=2)
    last = Vote.objects.filter(origin="person").latest("pk")
    Assignment.objects.filter(pk=last.assignment_id).update(session=again)
    rows = rows_of(voted)
    assert [(row["session"], row["session_resumes"]) for row in rows] == [
        *[("1", "0")] * 3,
        ("2", "2"),
    ]


def test_it_takes_four_queries_however_many_votes(voted: Survey, django_assert_num_queries):
    # Conditions for the codebook, conditions, later sessions, votes.
    with django_assert_num_queries(4):
        whole(voted)


def test_a_level_that_is_no_number_is_safe_and_empty_where_types_rule(voted: Survey):
    for number, condition in enumerate(voted.conditions.all()):
        voted.conditions.filter(pk=condition.pk).update(distortion="d", level=f"=A{number}")
    assert all(row["level"].startswith("'=A") for row in rows_of(voted))
    assert all(row["level"] is None for row in rows_of(voted, "jsonl"))
    assert all(row["condition_B"].startswith("d/=A") for row in rows_of(voted, "parquet"))
    (level,) = [column for column in exports.COLUMNS if column.name == "level"]
    assert "in CSV its text stands here" in level.empty


def test_an_unknown_format_is_refused_with_the_known_ones(survey: Survey):
    with pytest.raises(
        SurveyInvalid, match="'xlsx' is no format; allowed are: csv, jsonl, parquet"
    ):
        exports.votes_export(survey, form="xlsx")
