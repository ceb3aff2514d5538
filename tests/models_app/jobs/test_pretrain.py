"""Pretraining by a real worker with a small network on real photos."""

import io
import json
import tarfile

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError

from models_app.errors import JobInvalid
from models_app.jobs import runner, training_states
from models_app.jobs.context import Context
from models_app.jobs.training_options import COMMON, REPLACED, Config, train_config
from models_app.models import Checkpoint, Job, JobMetric, Photo
from models_app.selectors import findings as finding_selectors
from models_app.services import jobs, training
from models_app.services.photos import photo_exclude
from models_app.training.config import TrainConfig
from models_app.training.settings import settings_of
from tests.factories import file_read
from tests.findings import photos_make
from tests.jobs import work_all

pytestmark = pytest.mark.django_db
SMALL = {
    "dataset": "d", "weights": "random", "width": 0.1, "side": 32, "epochs": 2,
    "photos_per_batch": 2, "distortions": "brightness,jpeg_compression", "warmup_steps": 0,
    "validation_share": 0.3, "test_share": 0.0, "device": "cpu", "decoders": 1,
}  # fmt: skip


@pytest.fixture
def photos(real_photos, monkeypatch):
    """Seven photos; every state is uploaded, however soon after the last."""
    monkeypatch.setattr(training_states, "EVERY_S", 0.0)
    return photos_make(real_photos)


def launch(**options: object) -> Job:
    return jobs.job_create("pretrain", {**SMALL, **options})


def done(job: Job) -> Job:
    work_all()
    job.refresh_from_db()
    assert (job.state, job.error) == ("succeeded", "")
    return job


def weights(job: Job) -> dict[str, bytes]:
    """The best weights, bit for bit; the file's header has its notes in any order."""
    from safetensors.numpy import load

    return {name: found.tobytes() for name, found in load(file_read(job.made.get().file)).items()}


def results(job: Job) -> dict:
    return json.loads(file_read(job.artifacts.get(name="results.json").file))


def stop_at(monkeypatch: pytest.MonkeyPatch, job: Job, step: int) -> None:
    """Cancel a job once it has reported a step."""
    real = Context.metric

    def metric(self: Context, name: str, at: int, value: float) -> None:
        real(self, name, at, value)
        if self.job.pk == job.pk and at == step and not self.stopping:
            jobs.job_cancel(job)
            self.flush()

    monkeypatch.setattr(Context, "metric", metric)


def test_it_learns_and_leaves_weights_figures_and_files(photos):
    job = done(launch(task="ranking_regression", tensorboard=False))
    made = job.made.get()
    assert (made.purpose, made.architecture, made.is_random) == ("pretrained", "mobilenet_v2", True)
    assert (made.parent, made.made_by) == (None, job)
    assert made.name not in dict(finding_selectors.checkpoint_choices())
    found, result = results(job), job.result
    assert (result["split"], result["photos"]) == ("validation", 2)
    assert result["random_weights"] is True
    assert result["rank_accuracy_all"] == found["rank_accuracy"]["all"]["accuracy"]["value"]
    assert result["rank_accuracy_style_low"] <= result["rank_accuracy_style"]
    assert (result["epochs"], result["steps"], result["skipped_steps"]) == (2, 6, 0)
    assert result["validation_loss"] > 0
    names = set(job.artifacts.values_list("name", flat=True))
    assert {"results.json", "rank_accuracy.csv", "figure4.svg", "heat_map.png"} <= names
    assert {"samples/1.jpg", "samples/2.jpg"} <= names
    # Nobody goes on from a finished training.
    assert not [name for name in names if name.startswith("state-")]
    assert (job.done, job.total, job.device) == (10, 10, "cpu")
    series = set(job.series.values_list("name", flat=True))
    assert {"loss/total", "validation/total", "rank_accuracy/all", "speed/images_per_s"} <= series


def test_a_cancelled_run_resumed_is_the_run_that_nobody_stopped(photos, monkeypatch):
    whole = done(launch())
    job = launch()
    stop_at(monkeypatch, job, 2)
    work_all()
    job.refresh_from_db()
    assert job.state == "cancelled"
    state = job.artifacts.get(name="state-00000002.tar")
    assert job.resume["states"][-1] == {"name": state.name, "sha256": state.sha256, "step": 2}
    with tarfile.open(fileobj=io.BytesIO(file_read(state.file))) as tar:
        assert "states/00000002/training.safetensors" in tar.getnames()
    monkeypatch.undo()
    jobs.job_resume(job)
    assert done(job).attempt == 2
    assert weights(job) == weights(whole)
    assert results(job) == results(whole)
    points = JobMetric.objects.filter(series__job=job, series__name="loss/total")
    expected = JobMetric.objects.filter(series__job=whole, series__name="loss/total")
    assert list(points.order_by("step").values_list("step", "value")) == list(
        expected.order_by("step").values_list("step", "value")
    )


def test_it_steps_aside_for_urgent_work_and_loses_nothing(photos, monkeypatch):
    whole = done(launch())
    job, urgent = launch(), []
    real = Context.metric

    def metric(self: Context, name: str, at: int, value: float) -> None:
        real(self, name, at, value)
        if self.job.pk == job.pk and at == 2 and not urgent:
            urgent.append(jobs.job_create("pretrain", {**SMALL, "epochs": 1}, priority=5))
            self.flush()

    monkeypatch.setattr(Context, "metric", metric)
    done(job)
    assert "handed back to the queue: more urgent work waits" in job.log
    assert job.log.lower().count("goes on from step 2") == 1
    urgent[0].refresh_from_db()
    assert urgent[0].finished_at < job.finished_at
    assert weights(job) == weights(whole)


def test_of_a_damaged_state_the_one_before_is_taken(photos, monkeypatch):
    whole = done(launch())
    job = launch(save_steps=1)
    stop_at(monkeypatch, job, 3)
    work_all()
    job.refresh_from_db()
    kept = [state["step"] for state in job.resume["states"]]
    assert kept == [1, 2, 3]
    assert job.artifacts.filter(name__startswith="state-").count() == 3
    newest = job.artifacts.get(name="state-00000003.tar")
    content = file_read(newest.file)
    with default_storage.open(newest.file, "wb") as file:
        file.write(content[:5000] + b"x" + content[5001:])
    default_storage.delete(job.artifacts.get(name="state-00000002.tar").file)
    monkeypatch.undo()
    jobs.job_resume(job)
    done(job)
    assert "the state of step 3 is damaged; the one before is taken" in job.log
    assert "the state of step 2 is gone" in job.log
    assert weights(job) == weights(whole)


def test_without_a_whole_state_it_says_so(photos, monkeypatch):
    job = launch()
    stop_at(monkeypatch, job, 2)
    work_all()
    for each in job.artifacts.all():
        default_storage.delete(each.file)
    monkeypatch.undo()
    jobs.job_resume(job)
    work_all()
    job.refresh_from_db()
    assert job.error == (
        "None of the saved states is whole; clone this job to train from the start."
    )


def test_older_states_beyond_those_that_are_kept_are_deleted(photos, monkeypatch):
    job = launch(save_steps=1, keep=2, epochs=3)
    stop_at(monkeypatch, job, 5)
    work_all()
    names = job.artifacts.filter(name__startswith="state-").values_list("name", flat=True)
    assert sorted(names) == ["state-00000004.tar", "state-00000005.tar"]


def test_a_worker_that_died_after_the_last_word_has_nothing_to_do(photos, monkeypatch):
    job = launch(epochs=1)
    real = training.artifacts_drop

    def die(*_arguments: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(runner, "patiently", lambda write: write())
    monkeypatch.setattr(training_states, "patiently", lambda write: write())
    monkeypatch.setattr(training, "artifacts_drop", lambda job, names: names and die())
    assert runner.work_next("cpu", beating=False)
    job.refresh_from_db()
    assert (job.state, job.resume["finished"]) == ("queued", True)
    assert job.artifacts.filter(name__startswith="state-").exists()
    monkeypatch.setattr(training, "artifacts_drop", real)
    done(job)
    assert job.made.count() == 1
    assert not job.artifacts.filter(name__startswith="state-").exists()


def test_weights_of_a_run_begin_another_which_says_where_they_come_from(photos, monkeypatch):
    first = done(launch(epochs=1)).made.get()
    job = launch(weights="file", checkpoint=first.name, task="regression")
    assert job.checkpoint == first
    stop_at(monkeypatch, job, 2)
    work_all()
    monkeypatch.undo()
    jobs.job_resume(job)
    made = done(job).made.get()
    assert made.parent == first
    # What began with random weights still did.
    assert (made.is_random, job.result["random_weights"]) == (True, True)
    assert first.sha256[:12] in job.result["initial_weights"]
    first.refresh_from_db()
    Checkpoint.objects.filter(pk=first.pk).delete()
    made.refresh_from_db()
    assert made.parent is None


def test_unreadable_photos_are_named_and_the_rest_goes_on(photos):
    gone = Photo.objects.order_by("pixel_sha256").first()
    default_storage.delete(gone.file)
    job = done(launch(max_unreadable=0.5))
    assert (job.result["unreadable"], job.result["unreadable_names"]) == (1, [gone.name])
    assert f"{gone.name}: its file is gone" in job.log


def test_too_many_unreadable_photos_stop_it_in_words(photos):
    for photo in Photo.objects.all():
        default_storage.delete(photo.file)
    job = launch()
    work_all()
    job.refresh_from_db()
    assert job.state == "failed"
    assert "photos cannot be read, and max_unreadable (0.05) allows 1" in job.error


def test_excluded_photos_are_left_out_and_the_split_of_the_dataset_holds(photos):
    out = Photo.objects.earliest("pk")
    photo_exclude(out, reason="a test", by=None)
    left = list(Photo.objects.filter(excluded_at=None).order_by("pk"))
    for photo, split in zip(left, ["train", "train", "train", "val", "test", ""], strict=True):
        Photo.objects.filter(pk=photo.pk).update(split=split)
    job = done(launch(epochs=1))
    assert "3 photos train, 1 validate, 1 test (split the dataset's split)" in job.log
    assert (job.result["split"], job.result["photos"]) == ("test", 1)
    assert [sample["photo"] for sample in results(job)["samples"]] == [left[4].name]


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [({"dataset": "none"}, "dataset", "dataset is 'none'; allowed are: d"),
     ({"task": "none"}, "task", "allowed are: ranking, "),
     ({"backbone": "mobilnet_v2"}, "backbone", "Did you mean mobilenet_v2"),
     ({"side": 16}, "side", "numbers from 32 to 1024"),
     ({"width": 0.5, "weights": "imagenet"}, "width", "no ImageNet weights"),
     ({"weights": "file"}, "checkpoint", "choose a checkpoint with"),
     ({"task": "simclr", "photos_per_batch": 1}, "photos_per_batch", "raise photos_per_batch"),
     ({"validation_share": 0.5, "test_share": 0.5}, "validation_share", "leaves nothing to train"),
     ({"bn_group": "chunk"}, "chunk_images", "set chunk_images to a number")],
)  # fmt: skip
def test_what_cannot_be_trained_is_refused_at_its_option(photos, change, field: str, said: str):
    with pytest.raises(JobInvalid, match=said) as caught:
        launch(**change)
    assert caught.value.field == field


def test_one_photo_is_too_few(photos):
    for photo in Photo.objects.order_by("pk")[1:]:
        photo_exclude(photo, reason="a test", by=None)
    with pytest.raises(JobInvalid, match="training and validation need one each"):
        launch()


def test_a_split_without_training_photos_is_refused(photos):
    Photo.objects.filter(pk=Photo.objects.earliest("pk").pk).update(split="val")
    with pytest.raises(JobInvalid, match="without a photo to train on"):
        launch()


def test_the_options_are_those_of_the_training_but_for_what_the_database_says(photos):
    own = {"dataset", "checkpoint"}
    names = set(Config.__dataclass_fields__)
    assert names == (settings_of(TrainConfig).keys() - set(REPLACED)) | own
    assert set(COMMON) <= names
    config = Config(dataset="d")
    defaults = TrainConfig(photos="d").to_json()
    assert train_config(config).to_json() == defaults


def test_cuda_queues_for_a_gpu(photos):
    assert launch(device="cuda").queue == "gpu"
    assert launch().queue == "cpu"
