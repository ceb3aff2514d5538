"""Fine-tuning by a real worker: a small network, real photos, labels written by hand."""

import io
import json
import tarfile

import pytest
from django.core.files.storage import default_storage

from models_app.errors import JobInvalid
from models_app.jobs import training_states
from models_app.jobs.finetune_options import COMMON, REPLACED, Config, finetune_config
from models_app.models import Checkpoint, Dataset, Job, JobMetric, Label, LabelSplit, Photo
from models_app.selectors import findings as finding_selectors
from models_app.services import jobs
from models_app.services.evaluations import predictions_of
from models_app.services.photos import photo_exclude
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.settings import settings_of
from tests.evaluations import evaluation_launch, evaluation_of, label_set_make, split_make
from tests.findings import photos_make
from tests.jobs import work_all
from tests.models_app.jobs import test_pretrain
from tests.models_app.jobs.test_pretrain import done, results, stop_at, weights

pytestmark = pytest.mark.django_db
SMALL = {
    "label_set": "labels", "split": "split", "weights": "random", "width": 0.1, "side": 32,
    "max_epochs": 3, "batch": 2, "freeze": "none", "device": "cpu", "workers": 1,
}  # fmt: skip


@pytest.fixture
def dataset(real_photos, monkeypatch, settings, tmp_path) -> Dataset:
    """Seven photos that nobody decoded; every state is uploaded, however soon after the last."""
    settings.DECODED_CACHE = tmp_path / "decoded"
    monkeypatch.setattr(training_states, "EVERY_S", 0.0)
    return photos_make(real_photos)


@pytest.fixture
def split(dataset: Dataset) -> LabelSplit:
    """Four photos train, one validates, two test."""
    return split_make(label_set_make(dataset), test=2)


def launch(**options: object) -> Job:
    return jobs.job_create("finetune", {**SMALL, **options})


def test_it_learns_and_leaves_a_network_that_judges(split: LabelSplit, dataset: Dataset):
    job = done(launch())
    made = job.made.get()
    assert (made.purpose, made.architecture) == ("judge", "nima:mobilenet_v2@0.1")
    assert (made.is_random, made.parent, made.made_by) == (False, None, job)
    assert made.preprocessing["mode"] == "pad_square"
    assert made.name in dict(finding_selectors.checkpoint_choices())
    assert made.source == f"fine-tuned on labels, split, job {job.pk}"
    found, result = results(job), job.result
    assert (result["epochs"], result["steps"], result["skipped_steps"]) == (3, 6, 0)
    assert (result["photos_train"], result["photos_available"]) == (4, 4)
    assert result["photos_validation"] == 1
    assert result["validation_loss"] == found["validation"]["total"]
    assert result["validation_emd"] == found["validation"]["emd"]
    assert (result["random_weights"], result["generated_labels"]) == (True, False)
    assert (result["split"], result["split_sha256"]) == ("split", split.sha256)
    assert result["live"] == {}
    # Tells whether another run learnt from the same images and labels.
    assert result["parts"] == found["parts"]
    assert len(result["parts"]) == 64
    names = set(job.artifacts.values_list("name", flat=True))
    assert {"results.json", "curves.csv", "validation.csv", "curves.svg"} <= names
    # Nobody goes on from a finished training.
    assert not [name for name in names if name.startswith("state-")]
    assert (job.done, job.total, job.device, job.dataset) == (12, 12, "cpu", dataset)
    series = set(job.series.values_list("name", flat=True))
    assert {"loss/total", "validation/total", "validation/emd", "learning_rate"} <= series


def test_what_it_says_in_validation_is_what_an_evaluation_says(split: LabelSplit):
    """One preparation of photos: the same network, the same photo, the same score."""
    job = done(launch())
    made = job.made.get()
    job = done(evaluation_launch(made, split.label_set))
    said = predictions_of(evaluation_of(job))
    with default_storage.open(made.made_by.artifacts.get(name="validation.csv").file) as file:
        content = file.read().decode()
    name, _truth, prediction = content.splitlines()[1].split(",")[:3]
    assert said.prediction[said.names.index(name)] == pytest.approx(float(prediction), abs=1e-4)


def test_a_cancelled_run_resumed_is_the_run_that_nobody_stopped(split: LabelSplit, monkeypatch):
    whole = done(launch(save_steps=1))
    job = launch(save_steps=1)
    stop_at(monkeypatch, job, 3)
    work_all()
    job.refresh_from_db()
    assert job.state == "cancelled"
    state = job.artifacts.get(name="state-00000003.tar")
    with tarfile.open(fileobj=io.BytesIO(test_pretrain.file_read(state.file))) as tar:
        assert "states/00000003/training.safetensors" in tar.getnames()
    monkeypatch.undo()
    jobs.job_resume(job)
    assert done(job).attempt == 2
    assert weights(job) == weights(whole)
    changes = {"seconds", "images_per_s"}
    assert {k: v for k, v in results(job).items() if k not in changes} == {
        k: v for k, v in results(whole).items() if k not in changes
    }
    points = JobMetric.objects.filter(series__job=job, series__name="loss/total")
    expected = JobMetric.objects.filter(series__job=whole, series__name="loss/total")
    assert list(points.order_by("step").values_list("step", "value")) == list(
        expected.order_by("step").values_list("step", "value")
    )


def test_it_begins_with_a_pretrained_network_and_says_so(split: LabelSplit, monkeypatch):
    first = done(test_pretrain.launch(epochs=1)).made.get()
    job = launch(weights="file", checkpoint=first.name)
    assert job.checkpoint == first
    stop_at(monkeypatch, job, 2)
    work_all()
    monkeypatch.undo()
    jobs.job_resume(job)
    made = done(job).made.get()
    assert made.parent == first
    # What began with random weights still did.
    assert job.result["random_weights"] is True
    assert first.sha256[:12] in job.result["initial_weights"]
    again = done(launch(weights="file", checkpoint=made.name))
    assert again.made.get().parent == made
    assert again.result["random_weights"] is True


def test_labels_of_drawn_images_mark_the_network_and_what_it_scores(dataset: Dataset):
    drawn = label_set_make(dataset, is_generated=True)
    split_make(drawn, test=2)
    job = done(launch())
    made = job.made.get()
    assert job.result["generated_labels"] is True
    assert "labels (generated images)" in made.source
    real = label_set_make(dataset, "real")
    assert done(evaluation_launch(made, real)).result["generated_labels"] is True
    # The evaluation remembers it when the run is gone.
    evaluation = evaluation_of(done(evaluation_launch(made, real)))
    assert evaluation.job.result["began_random"] is True
    # Whatever comes of them is marked, too.
    split_make(real, test=2)
    again = done(launch(label_set="real", weights="file", checkpoint=made.name, max_epochs=1))
    assert again.result["generated_labels"] is True


def test_a_share_of_the_labels_trains(split: LabelSplit):
    job = done(launch(share=0.5))
    assert (job.result["photos_train"], job.result["photos_available"]) == (2, 4)
    assert job.result["share"] == 0.5


def test_early_stopping_ends_it_and_leaves_nothing_to_come(split: LabelSplit):
    # Nothing improves by more than all there is.
    job = done(launch(max_epochs=50, stop_patience=2, min_delta=1.0, halve_patience=1))
    assert (job.result["stopped_early"], job.result["epochs"]) == (True, 3)
    assert (job.result["best_epoch"], job.done, job.total) == (1, 12, 12)


def test_excluded_and_unreadable_photos_are_left_out(split: LabelSplit):
    train = split.members["train"]
    photo_exclude(Photo.objects.get(name=train[0]), reason="a test", by=None)
    gone = Photo.objects.get(name=train[1])
    default_storage.delete(gone.file)
    job = done(launch(max_unreadable=0.5))
    assert (job.result["photos_available"], job.result["missing"]) == (3, 1)
    assert (job.result["unreadable"], job.result["unreadable_names"]) == (1, [gone.name])


def test_images_of_the_test_part_are_never_opened(split: LabelSplit):
    for name in split.members["test"]:
        default_storage.delete(Photo.objects.get(name=name).file)
    assert done(launch()).result["unreadable"] == 0


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [({"label_set": "none"}, "label_set", "allowed are: labels"),
     ({"split": "none"}, "split", "allowed are: split"),
     ({"backbone": "mobilnet_v2"}, "backbone", "Did you mean mobilenet_v2"),
     ({"weights": "file"}, "checkpoint", "choose a checkpoint with"),
     ({"weights": "imagenet"}, "width", "no ImageNet weights"),
     ({"emd_root": "batch", "chunk_images": 1}, "chunk_images", "splits that"),
     ({"share": 2}, "share", "to 1")],
)  # fmt: skip
def test_what_cannot_be_trained_is_refused_at_its_option(
    split: LabelSplit, change, field: str, said: str
):
    with pytest.raises(JobInvalid, match=said) as caught:
        launch(**change)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("scale", "said"),
    [({"bins": 5}, "distributions over 5 bins"),
     ({"bins": 0}, "mean scores only"),
     ({"higher_is_better": False}, "a greater score is a worse image")],
)  # fmt: skip
def test_labels_that_cannot_be_learnt_are_refused(dataset: Dataset, scale, said: str):
    values = {"scale_high": 5} if scale.get("bins") == 5 else {}
    split_make(label_set_make(dataset, **values, **scale))
    with pytest.raises(JobInvalid, match=said):
        launch()


def test_a_part_without_images_at_hand_is_refused(split: LabelSplit):
    Label.objects.filter(name__in=split.members["validation"]).update(photo=None)
    with pytest.raises(JobInvalid, match=r"no image is at hand that could validate \(it names 1\)"):
        launch()


def test_one_image_to_train_on_is_refused(split: LabelSplit):
    Label.objects.filter(name__in=split.members["train"][1:]).update(photo=None)
    with pytest.raises(JobInvalid, match="one image is at hand that could train"):
        launch()


def test_the_options_are_those_of_the_training_but_for_what_the_database_says(
    split: LabelSplit,
):
    own = {"label_set", "split", "checkpoint"}
    names = set(Config.__dataclass_fields__)
    assert names == (settings_of(FinetuneConfig).keys() - set(REPLACED)) | own
    assert set(COMMON) <= names
    config = Config(label_set="labels", split="split")
    assert finetune_config(config).to_json() == FinetuneConfig().to_json()


def test_cuda_queues_for_a_gpu(split: LabelSplit):
    assert launch(device="cuda").queue == "gpu"
    assert launch().queue == "cpu"


def test_a_deleted_parent_leaves_the_network(split: LabelSplit):
    first = done(test_pretrain.launch(epochs=1)).made.get()
    made = done(launch(weights="file", checkpoint=first.name, max_epochs=1)).made.get()
    Checkpoint.objects.filter(pk=first.pk).delete()
    made.refresh_from_db()
    assert made.parent is None
    assert json.loads(json.dumps(made.preprocessing))["resize"] == 32
