"""manage.py evaluate_predictions on the files that the app itself writes"""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from models_app.findings.label_exports import labels_csv
from models_app.models import Evaluation, LabelSet
from tests.evaluations import evaluation_launch, evaluation_of, label_set_make
from tests.factories import file_read
from tests.findings import checkpoint_make, photos_make
from tests.jobs import work_all

pytestmark = pytest.mark.django_db

KEYS = ("srcc", "krcc", "lcc", "mae", "rmse", "accuracy", "majority", "emd")
TID = {"scale_low": 0, "scale_high": 9, "bins": 10, "first_bin": 0}


def run(capsys, *arguments: object) -> str:
    call_command("evaluate_predictions", *map(str, arguments))
    return capsys.readouterr().out


def evaluated(label_set: LabelSet, folder: Path) -> tuple[Path, Path, Evaluation]:
    """Return labels as CSV, predictions.csv and the evaluation whose it is."""
    job = evaluation_launch(checkpoint_make(), label_set)
    work_all()
    found = evaluation_of(job)
    labels, predictions = folder / "labels.csv", folder / "predictions.csv"
    labels.write_text("".join(labels_csv(label_set)))
    predictions.write_bytes(file_read(job.artifacts.get(name="predictions.csv").file))
    return labels, predictions, found


@pytest.mark.parametrize(
    ("scale", "references", "bins"),
    [
        (TID, ("a", "b", "c"), [f"t{score}" for score in range(10)]),
        ({}, (), [f"t{score}" for score in range(1, 11)]),
        # Five answers do not compare with ten bins: the evaluation has no EMD either.
        ({"scale_low": 1, "scale_high": 5, "bins": 5}, (), [f"t{score}" for score in range(1, 6)]),
        # A greater label is a worse image.
        ({**TID, "higher_is_better": False}, (), [f"t{score}" for score in range(10)]),
        # Means alone.
        ({"scale_low": 0, "scale_high": 100, "bins": 0}, ("a", "b", "c"), None),
    ],
    ids=["tid", "ava", "koniq", "worse", "means"],
)
def test_figures_are_those_of_the_evaluation(
    real_photos, tmp_path, capsys, scale: dict, references: tuple, bins: list | None
):
    label_set = label_set_make(photos_make(real_photos), references=references, **scale)
    labels, predictions, evaluation = evaluated(label_set, tmp_path)
    metrics = evaluation.metrics
    for truth in (predictions, labels):
        arguments = (
            "--truth", truth, "--predictions", predictions,
            "--threshold", metrics["threshold"],
        )  # fmt: skip
        found = json.loads(run(capsys, *arguments, "--json"))
        assert found["predictions"]["column"] == "mapped"
        assert found["truth"]["column"] == ("mean" if truth == labels else "truth")
        letter = "b" if truth == labels else "t"
        assert found["truth"]["bins"] == (bins and [letter + name[1:] for name in bins])
        for key in KEYS:
            own = metrics["metrics"].get(key)
            other = found["metrics"].get(key)
            assert (own and own["value"]) == (other and pytest.approx(other["value"])), key
        assert ("emd" in found["metrics"]) == ("emd" in metrics["metrics"])
        assert (found["n"], found["units"]) == (7, metrics["units"])
        assert found["group_column"] == ("reference" if references else None)
        assert found["group_column_by_default"] == bool(references)


def test_what_was_chosen_is_said(real_photos, tmp_path, capsys):
    label_set = label_set_make(photos_make(real_photos), references=("a", "b", "c"), **TID)
    labels, predictions, _evaluation = evaluated(label_set, tmp_path)
    arguments = ("--truth", labels, "--predictions", predictions)
    said = run(capsys, *arguments)
    assert "predictions: predictions.csv, column mapped, bins p1 to p10" in said
    assert "predictions: column mapped has the predictions on the labels' scale" in said
    assert "threshold 5: a score above it is high" in said
    assert "truth: labels.csv, column mean, bins b0 to b9, images by column image" in said
    assert "rows of one reference are drawn together" in said
    assert "drawn" not in run(capsys, *arguments, "--resamples", 0)


def test_another_evaluation_is_the_baseline(real_photos, tmp_path, capsys):
    label_set = label_set_make(photos_make(real_photos), references=("a", "b", "c"), **TID)
    labels, predictions, evaluation = evaluated(label_set, tmp_path)
    other = tmp_path / "other.csv"
    other.write_bytes(predictions.read_bytes())
    found = json.loads(
        run(
            capsys, "--truth", labels, "--predictions", predictions, "--baseline", other,
            "--resamples", 0, "--json",
        )
    )  # fmt: skip
    assert found["baseline"]["column"] == "mapped"
    assert found["baseline"]["bins"] == [f"p{score}" for score in range(1, 11)]
    assert found["differences"]["emd"]["value"] == 0
    expected = pytest.approx(evaluation.metrics["metrics"]["emd"]["value"])
    assert found["baseline_metrics"]["emd"]["value"] == expected


def test_copies_of_one_image_have_no_intervals(real_photos, tmp_path):
    label_set = label_set_make(photos_make(real_photos), references=("a",), **TID)
    _labels, predictions, _evaluation = evaluated(label_set, tmp_path)
    with pytest.raises(CommandError, match="group"):
        call_command(
            "evaluate_predictions", "--truth", str(predictions), "--predictions", str(predictions)
        )
