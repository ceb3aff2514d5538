"""Evaluations by a real worker with a real network, whose weights are random."""

import csv
import io
import json

import numpy as np
import pytest
from django.core.files.storage import default_storage
from scipy import stats

from models_app.errors import JobConflict, JobInvalid
from models_app.jobs import evaluation_outcome
from models_app.jobs.context import Context
from models_app.jobs.photo_walk import PhotoWalk
from models_app.models import Dataset, Evaluation, Job, Label, Photo, PhotoScore
from models_app.services import jobs
from models_app.services.evaluations import predictions_of
from models_app.services.photos import photo_exclude
from tests.evaluations import (
    MEANS,
    evaluation_launch,
    evaluation_of,
    label_set_make,
    split_make,
)
from tests.factories import file_read
from tests.findings import checkpoint_make, photos_make
from tests.jobs import work_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(real_photos) -> Dataset:
    return photos_make(real_photos)


@pytest.fixture
def checkpoint(dataset):
    return checkpoint_make()


def done(job: Job) -> Job:
    work_all()
    job.refresh_from_db()
    assert (job.state, job.error) == ("succeeded", "")
    return job


def artifact(job: Job, name: str) -> bytes:
    return file_read(job.artifacts.get(name=name).file)


def test_its_figures_are_those_of_scipy_on_its_predictions(checkpoint, dataset):
    label_set = label_set_make(dataset)
    job = done(evaluation_launch(checkpoint, label_set))
    found = evaluation_of(job)
    rows = list(csv.DictReader(io.StringIO(artifact(job, "predictions.csv").decode())))
    said = dict(PhotoScore.objects.filter(job=job).values_list("photo__name", "mean"))
    assert {row["name"]: float(row["prediction"]) for row in rows} == said
    assert [float(row["truth"]) for row in rows] == pytest.approx(MEANS)
    truth, prediction = (
        np.array([float(row[name]) for row in rows]) for name in ("truth", "prediction")
    )
    metrics = found.metrics["metrics"]
    assert metrics["srcc"]["value"] == pytest.approx(stats.spearmanr(truth, prediction)[0])
    assert metrics["lcc"]["value"] == pytest.approx(stats.pearsonr(truth, prediction)[0])
    assert metrics["mae"]["value"] == pytest.approx(np.abs(truth - prediction).mean())
    assert metrics["accuracy"]["value"] == pytest.approx(((truth > 5) == (prediction > 5)).mean())
    bins = [[np.array([float(row[f"{who}{k}"]) for k in range(1, 11)]) for row in rows]
            for who in "tp"]  # fmt: skip
    steps = [np.cumsum(p - t) for t, p in zip(*bins, strict=True)]
    emd = np.mean([np.sqrt(np.mean(step**2)) for step in steps])
    assert metrics["emd"]["value"] == pytest.approx(emd, abs=1e-5)
    # 4 of 7 labels are above 5, and one is 5.
    assert metrics["majority"]["value"] == pytest.approx(4 / 7)
    assert (found.n, found.part, found.split, found.split_sha256) == (7, "", None, "")
    assert (found.metrics["threshold"], found.metrics["rule"]) == (5.0, "greater")
    assert metrics["srcc"]["low"] <= metrics["srcc"]["value"] <= metrics["srcc"]["high"]
    assert job.result["srcc"] == metrics["srcc"]["value"]
    assert (job.result["random_weights"], job.result["generated_labels"]) == (True, False)
    assert json.loads(artifact(job, "metrics.json")) == found.metrics
    table = list(csv.DictReader(io.StringIO(artifact(job, "metrics.csv").decode())))
    assert float(table[0]["value"]) == metrics[table[0]["metric"]]["value"]


def test_a_split_is_judged_and_stored_with_the_score(checkpoint, dataset):
    split = split_make(label_set_make(dataset))
    job = done(evaluation_launch(checkpoint, split.label_set, split="split"))
    found = evaluation_of(job)
    assert predictions_of(found).names == tuple(split.members["test"])
    assert (found.n, found.split, found.split_sha256, found.part) == (
        4, split, split.sha256, "test"
    )  # fmt: skip
    assert PhotoScore.objects.filter(job=job).count() == 4
    assert (job.done, job.total, job.dataset, job.checkpoint) == (4, 4, dataset, checkpoint)


def test_the_rule_decides_of_scores_at_the_threshold(checkpoint, dataset):
    label_set = label_set_make(dataset)
    job = done(evaluation_launch(checkpoint, label_set, rule="at_least", threshold="5"))
    # The label that is exactly 5 counts as good now.
    assert evaluation_of(job).metrics["metrics"]["majority"]["value"] == pytest.approx(5 / 7)


def test_labels_of_another_scale_are_met_on_theirs(checkpoint, dataset):
    """TID's 0 to 9: one below the network's 1 to 10, without which errors are no errors."""
    ours = evaluation_of(done(evaluation_launch(checkpoint, label_set_make(dataset))))
    tid = label_set_make(dataset, "tid", scale_low=0, scale_high=9, first_bin=0,
                         references=("a", "a", "b", "c"))  # fmt: skip
    found = evaluation_of(done(evaluation_launch(checkpoint, tid)))
    for name in ("srcc", "lcc", "mae", "rmse", "emd"):
        expected = ours.metrics["metrics"][name]["value"]
        assert found.metrics["metrics"][name]["value"] == pytest.approx(expected, abs=1e-9), name
    assert found.metrics["threshold"] == 4.5
    assert found.metrics["mapped"] is True
    assert ours.metrics["mapped"] is False
    predictions = predictions_of(found)
    unmapped = np.abs(predictions.prediction - predictions.truth).mean()
    assert found.metrics["mae_unmapped"] == pytest.approx(unmapped)
    # Copies of one image are drawn together.
    assert (found.metrics["units"], found.metrics["interval"]) == (
        3, "paired bootstrap of groups, percentile"
    )  # fmt: skip
    assert predictions.references == ("a", "a", "b", "c", "a", "a", "b")


def test_where_less_is_better_the_best_score_is_the_least(checkpoint, dataset):
    ours = evaluation_of(done(evaluation_launch(checkpoint, label_set_make(dataset))))
    dmos = label_set_make(dataset, "dmos", scale_low=0, scale_high=100, bins=0,
                          higher_is_better=False)  # fmt: skip
    found = evaluation_of(done(evaluation_launch(checkpoint, dmos)))
    # The same numbers as labels now mean the opposite.
    assert found.metrics["metrics"]["srcc"]["value"] == pytest.approx(
        -ours.metrics["metrics"]["srcc"]["value"]
    )
    assert "emd" not in found.metrics["metrics"]


def test_predictions_are_read_back_to_the_last_bit(checkpoint, dataset):
    label_set = label_set_make(dataset, references=("=1+1",))
    label = label_set.labels.earliest("name")
    Label.objects.filter(pk=label.pk).update(name="=cmd", mean=1 / 3 + 4)
    job = done(evaluation_launch(checkpoint, label_set))
    content = artifact(job, "predictions.csv").decode()
    assert "'=cmd,'=1+1," in content
    predictions = predictions_of(evaluation_of(job))
    place = predictions.names.index("=cmd")
    assert predictions.truth[place] == 1 / 3 + 4
    assert predictions.references == ("=1+1",) * 7
    shares = PhotoScore.objects.get(job=job, photo=label.photo).distribution
    assert predictions.distribution[place].tolist() == shares
    plain = predictions_of(evaluation_of(job), shares=False)
    assert (plain.truth.tolist(), plain.names) == (predictions.truth.tolist(), predictions.names)
    assert (plain.distribution.shape, plain.truth_distribution) == ((7, 0), None)
    # All are copies of one image: nothing to draw from, and no intervals.
    assert evaluation_of(job).metrics["resamples"] == 0
    with default_storage.open(job.artifacts.get(name="predictions.csv").file, "wb") as file:
        file.write(content.replace("4.33", "4.34").encode())
    with pytest.raises(JobConflict, match="gone or damaged"):
        predictions_of(evaluation_of(job))


def test_a_cancelled_evaluation_goes_on_where_it_was(checkpoint, dataset, monkeypatch):
    label_set = label_set_make(dataset)
    whole = done(evaluation_launch(checkpoint, label_set, batch_size=2))
    job = evaluation_launch(checkpoint, label_set, batch_size=2)
    real, saved = PhotoWalk.saving, []

    def saving(self):
        saved.append(self)
        if len(saved) == 2:
            jobs.job_cancel(job)
        return real(self)

    monkeypatch.setattr(PhotoWalk, "saving", saving)
    work_all()
    job.refresh_from_db()
    assert (job.state, job.done) == ("cancelled", 4)
    kept = set(PhotoScore.objects.filter(job=job).values_list("pk", flat=True))
    monkeypatch.setattr(PhotoWalk, "saving", real)
    jobs.job_resume(job)
    assert done(job).attempt == 2
    assert kept < set(PhotoScore.objects.filter(job=job).values_list("pk", flat=True))
    assert artifact(job, "predictions.csv") == artifact(whole, "predictions.csv")
    assert artifact(job, "metrics.json") == artifact(whole, "metrics.json")


def test_a_cancel_is_heard_while_it_measures(checkpoint, dataset, monkeypatch):
    """Between two metrics of two resamples, of which there are far too many to wait for."""
    job = evaluation_launch(checkpoint, label_set_make(dataset), resamples=100_000)
    real, asked = Context.check, []

    def check(self, *, yielding: bool = True) -> None:
        if not yielding:
            asked.append(self)
            if len(asked) == 100:
                jobs.job_cancel(job)
                self.flush()
        real(self, yielding=yielding)

    monkeypatch.setattr(Context, "check", check)
    work_all()
    job.refresh_from_db()
    assert (job.state, len(asked)) == ("cancelled", 100)
    assert not job.artifacts.exists()


def test_a_worker_that_died_while_measuring_leaves_one_evaluation(checkpoint, dataset, monkeypatch):
    job = evaluation_launch(checkpoint, label_set_make(dataset))
    real = evaluation_outcome.evaluation_record

    def die(*arguments: object, **named: object) -> None:
        real(*arguments, **named)
        raise MemoryError

    monkeypatch.setattr(evaluation_outcome, "evaluation_record", die)
    work_all()
    job.refresh_from_db()
    assert job.state == "failed"
    assert not Evaluation.objects.exists()
    monkeypatch.setattr(evaluation_outcome, "evaluation_record", real)
    jobs.job_resume(job)
    done(job)
    assert Evaluation.objects.get().job == job


def test_images_that_are_not_at_hand_are_counted_and_those_unreadable_named(checkpoint, dataset):
    label_set = label_set_make(dataset)
    Label.objects.create(label_set=label_set, name="elsewhere.jpg", mean=5)
    excluded, gone = Photo.objects.order_by("name")[:2]
    photo_exclude(excluded, reason="a test", by=None)
    default_storage.delete(gone.file)
    job = done(evaluation_launch(checkpoint, label_set))
    found = evaluation_of(job)
    assert (found.n, found.metrics["missing"], found.metrics["unreadable"]) == (5, 2, 1)
    assert found.metrics["unreadable_names"] == [gone.name]


def test_a_picture_with_two_labels_is_judged_once(checkpoint, dataset):
    label_set = label_set_make(dataset)
    twin = label_set.labels.earliest("name")
    Label.objects.create(label_set=label_set, name="twin.jpg", mean=2, photo=twin.photo)
    job = done(evaluation_launch(checkpoint, label_set))
    found = evaluation_of(job)
    assert (found.n, job.done, found.metrics["same_pictures"]) == (8, 7, 1)
    predictions = predictions_of(found)
    said = dict(zip(predictions.names, predictions.prediction, strict=True))
    assert said["twin.jpg"] == said[twin.name]
    # One label has no distribution, so there is no distance of distributions.
    assert "emd" not in found.metrics["metrics"]


def test_nothing_readable_is_a_failure_in_words(checkpoint, dataset):
    for photo in Photo.objects.all():
        default_storage.delete(photo.file)
    job = evaluation_launch(checkpoint, label_set_make(dataset))
    work_all()
    job.refresh_from_db()
    assert job.error.startswith("Only 0 images could be read, and an evaluation needs 3")


def test_labels_of_drawn_images_are_marked(checkpoint, dataset):
    job = done(evaluation_launch(checkpoint, label_set_make(dataset, is_generated=True)))
    assert job.result["generated_labels"] is True


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [({"label_set": "none"}, "label_set", "allowed are: labels"),
     ({"checkpoint": "none"}, "checkpoint", "allowed are: random net"),
     ({"split": "none"}, "split", "allowed are: , split"),
     ({"split": "split", "part": "validation"}, "label_set", "an evaluation needs 3"),
     ({"threshold": "11"}, "threshold", "numbers from 1 to 10, the scale"),
     ({"threshold": "high"}, "threshold", "numbers from 1 to 10"),
     ({"rule": "below"}, "rule", "allowed are: greater, at_least"),
     ({"resamples": 1}, "resamples", "numbers from 100"),
     ({"part": "all"}, "part", "allowed are: test, validation, train")],
)  # fmt: skip
def test_what_cannot_be_launched_is_refused(checkpoint, dataset, change, field: str, said: str):
    split_make(label_set_make(dataset))
    with pytest.raises(JobInvalid, match=said) as caught:
        jobs.job_create(
            "evaluate", {"checkpoint": checkpoint.name, "label_set": "labels", **change}
        )
    assert caught.value.field == field


def test_a_split_of_another_label_set_is_refused(checkpoint, dataset):
    split_make(label_set_make(dataset))
    other = label_set_make(dataset, "other")
    with pytest.raises(JobInvalid, match="Label set other has no split split; it has: none"):
        evaluation_launch(checkpoint, other, split="split")
