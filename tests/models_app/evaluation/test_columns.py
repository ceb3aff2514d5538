"""Columns are found where they are clear, and asked for where they are not."""

import pytest

from models_app.evaluation.columns import (
    Bins,
    Scored,
    bins_find,
    bins_mean,
    id_column,
    predictions_find,
    truth_find,
)
from models_app.evaluation.tables import Table, TableRefused

VOTES = {f"score{score + 1}": [str(score), "1"] for score in range(1, 11)}
# Of 1 vote for 1, 2 for 2 and so on, and of one vote each.
MEANS = ["7.0", "5.5"]


def table(**columns: list[str]) -> Table:
    return Table("t.csv", "0" * 64, {"image_id": ["a", "b"], **columns})


def test_votes_for_1_to_10_may_be_called_score2_to_score11():
    (first, *_), bins = VOTES, bins_find(table(**VOTES), ("score",))
    assert bins == Bins(tuple(VOTES), 1)
    assert first == "score2"
    assert bins_mean([0, 0, 1], Bins(("a", "b", "c"), 0)) == 2
    assert bins_mean([0, 0, 0], bins) is None
    assert bins_mean([2, -1, 0], bins) is None


def test_bins_run_without_gaps_from_0_1_or_2():
    for numbers, first in (((0, 1, 2), 0), ((1, 2, 3), 1), ((1, 2, 4), None), ((3, 4, 5), None)):
        found = bins_find(table(**{f"p_{i}": ["1", "1"] for i in numbers}), ("p",))
        assert (found.first if found else None) == first
    # Attributes, as in AADB, are no bins.
    assert bins_find(table(**{f"cl{i}": ["1", "1"] for i in range(1, 12)}), ("score",)) is None


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"quality": ["5", "6"], "sd": ["1", "1"]}, Scored("quality", None)),
        ({"MOS": ["5", "6"], "SD": ["1", "1"]}, Scored("MOS", None)),
        (VOTES, Scored(None, Bins(tuple(VOTES), 1))),
        ({**VOTES, "quality": MEANS}, Scored("quality", Bins(tuple(VOTES), 1))),
        ({"beauty": ["5", "6"], "who": ["x", "y"]}, Scored("beauty", None)),
        ({"beauty": ["5", "6"], "prediction": ["1", "2"]}, Scored("beauty", None)),
        # As the app writes labels: bins say which scores they stand for.
        ({"mean": ["5", "6"], "sd": ["1", "1"], "votes": ["9", "9"]}, Scored("mean", None)),
        (
            {"mean": ["4", "3"], "sd": ["1", "1"], "b2": ["0", "1"], "b3": ["0", "0"],
             "b4": ["1", "1"]},
            Scored("mean", Bins(("b2", "b3", "b4"), 2)),
        ),
    ],
)  # fmt: skip
def test_the_truth_is_found(columns: dict, found: Scored):
    assert truth_find(table(**columns), None) == found


def test_a_mean_in_a_file_of_both_is_the_truth_beside_its_bins_alone():
    with pytest.raises(TableRefused, match="the truth is not clear"):
        truth_find(table(mean=["5", "6"], mine=["4", "4"]), None, has_predictions=True)
    votes = Bins(tuple(VOTES), 1)
    other, same = table(**VOTES, mean=["5", "6"]), table(**VOTES, mean=MEANS)
    assert truth_find(other, None, has_predictions=True) == Scored(None, votes)
    assert truth_find(same, None, has_predictions=True) == Scored("mean", votes)


def test_predictions_on_the_scale_of_the_labels_come_first():
    shares = {f"p{score}": cells for score, cells in enumerate(VOTES.values(), start=1)}
    own = {"prediction": MEANS, **{name.replace("p", "t"): ["1", "0"] for name in shares}, **shares}
    for mapped, first in ((["6.0", "4.5"], 0), (MEANS, 1), (["60", "45"], None)):
        found = predictions_find(table(**own, mapped=mapped), None, taken=set())
        bins = None if first is None else Bins(tuple(shares), first)
        assert found == Scored("mapped", bins)
    found = predictions_find(table(**own, mapped=["60", "45"]), "prediction", taken=set())
    assert found == Scored("prediction", Bins(tuple(shares), 1))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"quality": ["5", "6"], "score": ["5", "6"]}, "Several columns.*quality, score"),
        ({**VOTES, "quality": ["5", "6"]}, "bins with other means; name one.*--truth-column"),
        ({"a": ["5", "6"], "b": ["5", "6"]}, "the truth is not clear.*: image_id, a, b"),
        ({"a": ["x", "y"]}, "is not clear"),
    ],
)
def test_an_unclear_truth_is_asked_for(columns: dict, said: str):
    with pytest.raises(TableRefused, match=said):
        truth_find(table(**columns), None)


def test_the_named_column_wins():
    both = table(**VOTES, quality=["5", "6"])
    assert truth_find(both, "quality") == Scored("quality", None)
    with pytest.raises(TableRefused, match="no column 'mos'; it has image_id, score2"):
        truth_find(both, "mos")
    assert predictions_find(both, "score2", taken=set()).column == "score2"
    assert id_column(both, "quality", other=set()) == "quality"


@pytest.mark.parametrize(
    ("columns", "taken", "found"),
    [
        ({"quality": ["5", "6"], "quality_eval": ["5", "6"]}, {"quality"}, "quality_eval"),
        ({"GT": ["5", "6"], "mean": ["5", "6"], "std": ["1", "1"]}, {"GT"}, "mean"),
        ({"score": ["5", "6"]}, set(), "score"),
        ({"mean": ["5", "6"], "score": ["5", "6"]}, set(), "mean"),
        ({"quality": ["5", "6"], "mine": ["5", "6"]}, {"quality"}, "mine"),
    ],
)
def test_predictions_are_found(columns: dict, taken: set, found: str):
    assert predictions_find(table(**columns), None, taken=taken).column == found


def test_predicted_distributions_are_found():
    shares = {f"p{score}": cells for score, cells in enumerate(VOTES.values(), start=1)}
    alone = predictions_find(table(**shares), None, taken=set())
    assert alone == Scored(None, Bins(tuple(shares), 1))
    beside = predictions_find(table(**shares, mean=MEANS), None, taken=set())
    assert beside == Scored("mean", Bins(tuple(shares), 1))
    # The votes of the truth are nobody's prediction.
    same = table(**VOTES, mean=["5", "6"])
    assert predictions_find(same, None, taken=set(VOTES)) == Scored("mean", None)


@pytest.mark.parametrize(
    ("columns", "taken"),
    [
        ({"quality": ["5", "6"]}, {"quality"}),
        ({"pred": ["5", "6"], "prediction": ["5", "6"]}, set()),
        ({"a": ["5", "6"], "b": ["5", "6"]}, set()),
    ],
)
def test_unclear_predictions_are_asked_for(columns: dict, taken: set):
    with pytest.raises(TableRefused, match="--prediction-column"):
        predictions_find(table(**columns), None, taken=taken)


def test_images_are_named_by_a_known_column_or_the_only_text():
    plain = {"1": ["5", "6"], "2": ["a.bmp", "b.bmp"]}
    assert id_column(table(), None, other=set()) == "image_id"
    assert id_column(Table("t", "", plain), None, other=set()) == "2"
    assert id_column(Table("t", "", {"1": ["5", "6"], "2": ["5", "6"]}), None, other=set()) is None
    # Labels as CSV name the image, and the photo that it was found as.
    assert id_column(table(photo=["x", "y"]), None, other=set()) == "image_id"
    with pytest.raises(TableRefused, match="image_id, name; name one with --id-column"):
        id_column(table(name=["x", "y"]), None, other=set())
