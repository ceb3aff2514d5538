"""manage.py evaluate_predictions"""

import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from scipy import stats

AVA = "data/labels/ava/ava_official_test_votes_pred.csv.gz"
NIMA = "data/labels/ava/nima_vgg16_preds.txt.gz"


def run(capsys, *arguments: object) -> str:
    call_command("evaluate_predictions", *map(str, arguments))
    return capsys.readouterr().out


def run_json(capsys, *arguments: object) -> dict:
    return json.loads(run(capsys, *arguments, "--json"))


@pytest.fixture
def files(tmp_path):
    """Truth of 60 images with 12 references, a good model and a poor one, with distributions."""
    rng = np.random.default_rng(1)
    votes = rng.integers(1, 50, (60, 10))
    truth = votes @ np.arange(1, 11) / votes.sum(axis=1)
    heads = ["image_id," + ",".join(f"score{i}" for i in range(2, 12)) + ",quality,reference"]
    rows = [
        f"i{i},{','.join(map(str, votes[i]))},{float(truth[i])!r},r{i % 12}"
        for i in range(60)
    ]  # fmt: skip
    (tmp_path / "truth.csv").write_text("\n".join(heads + rows))
    for name, noise in (("good", 2), ("poor", 30)):
        shares = votes + rng.integers(0, noise, (60, 10))
        rows = [f"i{i}.jpg," + ",".join(map(str, shares[i])) for i in reversed(range(60))]
        head = "image," + ",".join(f"p{i}" for i in range(1, 11))
        (tmp_path / f"{name}.csv").write_text("\n".join([head, *rows]))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "expected", "columns", "n"),
    [
        (AVA, (0.67536, 0.68252, 0.79075, 0.71141), ("quality", "quality_eval"), 19_928),
        (NIMA, (0.60126, 0.61653, 0.77438, 0.70541), ("GT", "mean"), 12_818),
    ],
)
def test_published_predictions_have_their_known_figures(
    shared, capsys, name: str, expected: tuple, columns: tuple, n: int
):
    path = shared / name
    found = run_json(capsys, "--truth", path, "--predictions", path, "--resamples", 0)
    metrics = found["metrics"]
    values = [metrics[key]["value"] for key in ("srcc", "lcc", "accuracy", "majority")]
    assert [round(value, 5) for value in values] == list(expected)
    assert (found["truth"]["column"], found["predictions"]["column"]) == columns
    assert (found["n"], found["rule"], found["threshold"]) == (n, "greater", 5.0)
    assert found["left_out"] == {"truth": {}, "predictions": {}}
    assert metrics["lcc_logistic"]["value"] >= metrics["lcc"]["value"]
    assert metrics["srcc"]["low"] is None


def test_ava_itself_is_truth_for_predictions_of_other_files(shared, capsys):
    votes = shared / "data/labels/ava/AVA_format_25k.txt.gz"
    found = run_json(capsys, "--truth", votes, "--predictions", shared / NIMA, "--resamples", 0)
    assert found["truth"]["column"] is None
    assert found["truth"]["bins"][0] == "score1"
    missing = {side: left["missing"]["count"] for side, left in found["left_out"].items()}
    assert found["n"] + missing["truth"] == 12_818
    assert found["n"] + missing["predictions"] == 25_556
    assert len(found["left_out"]["truth"]["missing"]["first"]) == 5


def test_a_model_is_compared_with_a_baseline_on_the_same_draws(files, capsys):
    arguments = (
        "--truth", files / "truth.csv", "--predictions", files / "good.csv",
        "--baseline", files / "poor.csv", "--threshold", 5.5, "--seed", 3,
    )  # fmt: skip
    found = run_json(capsys, *arguments)
    assert found["matched_by"] == "name without folder, suffix and case"
    assert (found["n"], found["resamples"], found["units"], found["seed"]) == (60, 1000, 12, 3)
    difference, own, other = (
        found[key] for key in ("differences", "metrics", "baseline_metrics")
    )  # fmt: skip
    assert difference["srcc"]["value"] == own["srcc"]["value"] - other["srcc"]["value"]
    assert 0 < difference["srcc"]["low"] < difference["srcc"]["high"]
    assert difference["emd"]["high"] < 0
    assert "majority" not in difference
    said = run(capsys, *arguments)
    assert "predictions: good.csv, mean of p1 to p10, images by column image" in said
    assert "difference" in said
    assert "1000 resamples of 12, seed 3" in said
    assert "threshold 5.5: a score above it is high" in said
    assert f"{own['srcc']['value']:.5f} {own['srcc']['low']:8.5f}..".replace("  ", " ") in (
        said.replace("  ", " ")
    )


def test_rows_of_a_reference_are_drawn_together(files, capsys):
    arguments = ("--truth", files / "truth.csv", "--predictions", files / "poor.csv")
    found = run_json(capsys, *arguments, "--group-column", "reference")
    assert (found["group_column"], found["units"], found["n"]) == ("reference", 12, 60)
    assert "groups" in found["interval"]
    assert not found["group_column_by_default"]
    by_default = run_json(capsys, *arguments)
    assert by_default == {**found, "group_column_by_default": True}
    assert "truth: rows of one reference are drawn together; --group-column ''" in run(
        capsys, *arguments
    )
    single = run_json(capsys, *arguments, "--group-column", "")
    assert (single["group_column"], single["units"]) == (None, 60)


def test_references_that_some_images_lack_group_nothing(files, capsys):
    path = files / "truth.csv"
    path.write_text(path.read_text().replace(",r3\n", ",\n"))
    arguments = ("--truth", path, "--predictions", files / "poor.csv")
    assert run_json(capsys, *arguments)["units"] == 60
    said = run(capsys, *arguments)
    assert "truth: column reference is empty for 5 images, so single rows are drawn" in said


def test_columns_may_be_named_and_the_rule_is_stored(files, capsys):
    path = files / "both.csv"
    path.write_text("key,a,b,c\n" + "\n".join(f"k{i},{i % 7},{i % 5},{i}" for i in range(40)))
    found = run_json(
        capsys, "--truth", path, "--truth-column", "b", "--predictions", path,
        "--prediction-column", "a", "--id-column", "key", "--threshold", 3, "--rule", "at_least",
        "--resamples", 0,
    )  # fmt: skip
    a, b = np.arange(40) % 7, np.arange(40) % 5
    metrics = found["metrics"]
    assert metrics["srcc"]["value"] == pytest.approx(stats.spearmanr(a, b).statistic)
    assert metrics["accuracy"]["value"] == pytest.approx(((a >= 3) == (b >= 3)).mean())
    assert (found["rule"], found["threshold"]) == ("at_least", 3.0)


def test_what_is_undefined_or_left_out_is_said(files, capsys):
    flat = files / "flat.csv"
    flat.write_text("image,score\n" + "\n".join(f"i{i},5.5" for i in range(50)) + "\ni50,none\n")
    said = run(capsys, "--truth", files / "truth.csv", "--predictions", flat)
    assert "SRCC (Spearman)               undefined" in said
    assert "predictions, SRCC (Spearman): all predictions are the same" in said
    assert "predictions: 9 images missing: i51, i52, i53, i54, i55, ..." in said
    assert "predictions: 1 rows without a finite number left out: i50" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--predictions", "none.csv"], r"none\.csv cannot be read"),
        (["--predictions", "good.csv", "--resamples", "999"], "at least 1000, or 0"),
        (["--predictions", "good.csv", "--seed", "-1"], "--seed is -1"),
        (["--predictions", "good.csv", "--threshold", "nan"], "threshold is nan"),
        (["--predictions", "good.csv", "--prediction-column", "x"], "no column 'x'; it has image"),
        (["--predictions", "good.csv", "--group-column", "x"], r"truth\.csv has no column 'x'"),
        (["--predictions", "good.csv", "--baseline-column", "x"], "name it with --baseline"),
        (["--predictions", "two.csv"], "at least 3 rows; there are 2"),
        (["--predictions", "twice.csv"], "the first is i1; keep one row an image"),
        (["--predictions", "nobody.csv"], "No image is in all files"),
        (["--predictions", "numbers.csv"], r"numbers\.csv names the image is not clear"),
    ],
)
def test_bad_input_is_one_sentence(files, arguments: list[str], said: str):
    for name, text in {
        "two": "image,score\ni1,5\ni2,6\n",
        "twice": "image,score\ni1,5\ni1,6\ni2,3\n",
        "nobody": "image,score\nx1,5\nx2,6\nx3,3\n",
        "numbers": "score,other\n1,5\n2,6\n3,3\n",
    }.items():
        (files / f"{name}.csv").write_text(text)
    arguments[1] = str(files / arguments[1])
    with pytest.raises(CommandError, match=said) as error:
        call_command("evaluate_predictions", "--truth", str(files / "truth.csv"), *arguments)
    assert "\n" not in str(error.value)
