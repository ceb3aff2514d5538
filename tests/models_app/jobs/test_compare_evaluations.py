"""Comparisons of two networks with random weights on the same labelled photos."""

import csv
import io
import json

import numpy as np
import pytest
from django.core.files.storage import default_storage
from scipy import stats

from models_app.errors import JobInvalid
from models_app.models import Evaluation, Label, Photo
from models_app.services.evaluations import predictions_of
from models_app.services.jobs import job_create
from tests.evaluations import evaluation_launch, evaluation_of, label_set_make, split_make
from tests.factories import file_read
from tests.findings import checkpoint_make, photos_make
from tests.jobs import work_all
from tests.models_app.jobs.test_evaluate import done

pytestmark = pytest.mark.django_db


@pytest.fixture
def checkpoints(real_photos):
    photos_make(real_photos)
    return checkpoint_make("a", seed=1), checkpoint_make("b", seed=2)


@pytest.fixture
def pair(checkpoints) -> list[Evaluation]:
    label_set = label_set_make(Photo.objects.first().dataset)
    return [evaluation_of(done(evaluation_launch(each, label_set))) for each in checkpoints]


def launch(evaluations, baseline: Evaluation | None = None, **options):
    text = ",".join(str(each.pk) for each in evaluations)
    base = (baseline or evaluations[0]).pk
    return job_create(
        "compare_evaluations",
        {"evaluations": text, "baseline": base, "resamples": 200, **options},
    )


def comparison(job) -> dict:
    return json.loads(file_read(job.artifacts.get(name="comparison.json").file))


def test_differences_are_those_of_the_predictions_and_tests_are_scipys(pair):
    job = done(launch(pair))
    found = comparison(job)
    first, second = (predictions_of(each) for each in pair)
    key = str(pair[1].pk)
    difference = found["comparison"]["differences"][key]["mae"]
    expected = second.errors.mean() - first.errors.mean()
    assert difference["value"] == pytest.approx(expected)
    assert difference["low"] < difference["value"] < difference["high"]
    p = stats.wilcoxon(second.errors - first.errors, alternative="less").pvalue
    assert found["tests"][key]["test"]["p"] == pytest.approx(p)
    assert found["tests"][key]["effects"]["mae_gain"] == pytest.approx(-expected)
    assert (found["n"], found["left_out"]) == (7, {str(each.pk): 0 for each in pair})
    for each in pair:
        ours = found["comparison"]["evaluations"][str(each.pk)]["metrics"]["srcc"]["value"]
        assert ours == pytest.approx(each.metrics["metrics"]["srcc"]["value"])
    rows = list(csv.DictReader(io.StringIO(
        file_read(job.artifacts.get(name="comparison.csv").file).decode()
    )))  # fmt: skip
    row = next(row for row in rows if row["evaluation"] == key and row["metric"] == "mae")
    assert (row["checkpoint"], float(row["difference"])) == ("b", difference["value"])
    assert float(row["wilcoxon_p"]) == pytest.approx(p)


def test_it_is_the_other_way_round_with_the_other_baseline(pair):
    one, other = (comparison(done(launch(pair, base))) for base in pair)
    first, second = (str(each.pk) for each in pair)
    assert one["comparison"]["differences"][second]["srcc"]["value"] == pytest.approx(
        -other["comparison"]["differences"][first]["srcc"]["value"]
    )


def test_images_that_one_could_not_read_are_left_out_for_both(checkpoints):
    label_set = label_set_make(Photo.objects.first().dataset)
    first = evaluation_of(done(evaluation_launch(checkpoints[0], label_set)))
    default_storage.delete(Photo.objects.order_by("name").first().file)
    second = evaluation_of(done(evaluation_launch(checkpoints[1], label_set)))
    job = done(launch([first, second]))
    found = comparison(job)
    assert (found["n"], job.result["left_out"]) == (6, 1)
    assert found["left_out"] == {str(first.pk): 1, str(second.pk): 0}
    ours = predictions_of(first).errors[1:].mean()
    value = found["comparison"]["evaluations"][str(first.pk)]["metrics"]["mae"]["value"]
    assert value == pytest.approx(ours)


def test_scores_of_different_splits_are_refused(pair, checkpoints):
    label_set = pair[0].label_set
    split_make(label_set)
    other = evaluation_of(done(evaluation_launch(checkpoints[1], label_set, split="split")))
    with pytest.raises(JobInvalid, match=r"different images \(all of labels, labels, split, test"):
        launch([pair[0], other])
    with pytest.raises(JobInvalid, match="needs two evaluations"):
        launch([pair[0], pair[0]])
    with pytest.raises(JobInvalid, match="baseline must be one"):
        launch(pair, other)
    with pytest.raises(JobInvalid, match="There is no evaluation 999"):
        job_create("compare_evaluations", {"evaluations": "999", "baseline": 999})
    with pytest.raises(JobInvalid, match="separated by commas"):
        job_create("compare_evaluations", {"evaluations": "1;2", "baseline": 1})


def test_labels_that_changed_in_between_are_no_labels_to_compare_by(checkpoints):
    label_set = label_set_make(Photo.objects.first().dataset)
    first = evaluation_of(done(evaluation_launch(checkpoints[0], label_set)))
    Label.objects.filter(pk=label_set.labels.first().pk).update(mean=9)
    second = evaluation_of(done(evaluation_launch(checkpoints[1], label_set)))
    job = launch([first, second])
    work_all()
    job.refresh_from_db()
    assert job.error.startswith("The labels changed between these evaluations")


def test_copies_of_one_image_are_drawn_together(checkpoints):
    label_set = label_set_make(Photo.objects.first().dataset, references=("a", "b"))
    pair = [evaluation_of(done(evaluation_launch(each, label_set))) for each in checkpoints]
    job = done(launch(pair))
    whole = comparison(job)
    found = whole["comparison"]
    assert found["evaluations"][str(pair[0].pk)]["units"] == 2
    # Two references: at most three different resamples, so ends are among three values.
    difference = found["differences"][str(pair[1].pk)]["mae"]
    first, second = (predictions_of(each) for each in pair)
    apart = second.errors - first.errors
    of = np.array([name == "a" for name in first.references])
    values = [apart[of].mean(), apart[~of].mean(), apart.mean()]
    assert any(np.isclose(difference["low"], value) for value in values)
    assert any(np.isclose(difference["high"], value) for value in values)
    # Nor do they count as independent in the test.
    test = whole["tests"][str(pair[1].pk)]
    assert (whole["tested"], test["test"]["n"]) == ("references", 2)
    means = np.array([apart[of].mean(), apart[~of].mean()])
    assert test["test"]["p"] == pytest.approx(stats.wilcoxon(means, alternative="less").pvalue)
    assert test["effects"]["mae_gain"] == pytest.approx(-means.mean())
    rows = csv.DictReader(
        io.StringIO(file_read(job.artifacts.get(name="comparison.csv").file).decode())
    )
    said = {row["metric"]: row for row in rows if row["evaluation"] == str(pair[1].pk)}
    assert (said["mae"]["tested"], said["mae"]["tested_n"]) == ("references", "2")
    assert said["srcc"]["tested"] == ""
