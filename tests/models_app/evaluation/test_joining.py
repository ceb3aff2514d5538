"""Rows come together by image, and what does not is named."""

import pytest

from models_app.evaluation.columns import Bins, Scored
from models_app.evaluation.joining import join, side_make
from models_app.evaluation.tables import Table, TableRefused

SCORE = Scored("score", None)


def side(label: str, cells: dict[str, str] | list[tuple[str, str]], **more):
    rows = list(cells.items()) if isinstance(cells, dict) else cells
    columns = {"image": [row[0] for row in rows], "score": [row[1] for row in rows]}
    return side_make(label, Table(f"{label}.csv", "", columns), SCORE, "image", **more)


def test_the_order_is_that_of_the_truth():
    joined = join([side("truth", {"b": "1", "a": "2"}), side("predictions", {"a": "3", "b": "4"})])
    assert joined.ids == ["b", "a"]
    assert list(joined.scores(0)) == [1, 2]
    assert list(joined.scores(1)) == [4, 3]
    assert joined.left_out() == {"truth": {}, "predictions": {}}


def test_what_is_left_out_is_counted_and_named():
    truth = side("truth", {"a": "1", "b": "x", "c": "2", **{f"m{i}": "3" for i in range(7)}})
    predictions = side(
        "predictions", [("a", "1"), ("b", "2"), ("c", "nan"), ("n", "5"), ("a", "1"), ("k", "")]
    )
    joined = join([truth, predictions])
    assert joined.ids == ["a"]
    assert joined.left_out() == {
        "truth": {
            "missing": {"count": 1, "first": ["n"]},
            "no_number": {"count": 1, "first": ["b"]},
        },
        "predictions": {
            "missing": {"count": 7, "first": ["m0", "m1", "m2", "m3", "m4"]},
            "no_number": {"count": 2, "first": ["c", "k"]},
            "repeated": {"count": 1, "first": ["a"]},
        },
    }


def test_an_image_with_two_scores_is_refused():
    with pytest.raises(TableRefused, match=r"1 rows of images .* the first is a; keep one"):
        side("truth", [("a", "1"), ("a", "2")])


def test_a_row_without_a_name_is_refused():
    with pytest.raises(TableRefused, match=r"Row 2 of truth\.csv names no image in column image"):
        side("truth", [("a", "1"), ("", "2")])


def test_names_match_without_folder_suffix_and_case_where_none_do_as_written():
    joined = join([
        side("truth", {"TID/I01_01_1.BMP": "1", "TID/i02.bmp": "2"}),
        side("predictions", {"i01_01_1": "3", "I02": "4"}),
    ])  # fmt: skip
    assert joined.ids == ["i01_01_1", "i02"]
    assert list(joined.scores(1)) == [3, 4]
    assert joined.by == "name without folder, suffix and case"
    with pytest.raises(TableRefused, match="is not the only a of the truth"):
        join([side("truth", {"x/a.jpg": "1", "y/a.jpg": "2"}), side("predictions", {"a": "3"})])


def test_an_id_with_a_dot_keeps_its_digits():
    joined = join([side("truth", {"x/1.5": "1"}), side("predictions", {"1.5": "3"})])
    assert joined.ids == ["1.5"]


def test_nothing_in_common_shows_the_first_names():
    with pytest.raises(TableRefused, match=r"truth: a; predictions: b\); check --id-column"):
        join([side("truth", {"a": "1"}), side("predictions", {"b": "1"})])


def test_the_mean_of_bins_is_the_score():
    columns = {"image": ["a", "b", "c"], "1": ["1", "0", "0"], "2": ["3", "0", "x"], "g": ["r"] * 3}
    scored = Scored(None, Bins(("1", "2"), 1))
    made = side_make("truth", Table("t.csv", "", columns), scored, "image", "g")
    assert made.rows["a"].score == 1.75
    assert made.rows["a"].bins == (1.0, 3.0)
    assert made.rows["a"].group == "r"
    assert made.no_number == ["b", "c"]
