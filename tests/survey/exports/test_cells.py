"""Cells of CSV: safe for spreadsheets, true to what they hold."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey import exports


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


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("-0.4", "-0.4"),
        ("+3", "+3"),
        ('=HYPERLINK("http://evil.example")', '\'=HYPERLINK("http://evil.example")'),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("strong", "strong"),
        ("", ""),
    ],
)
def test_a_number_that_is_none_is_guarded_like_a_text(value: str, written: str):
    assert exports.cell(value, "number") == written


def test_times_are_utc_and_whole():
    when = datetime(2026, 11, 21, 9, 30, 0, 123456, tzinfo=UTC)
    assert exports.cell(when, "text") == "2026-11-21T09:30:00.123Z"
