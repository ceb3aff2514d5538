"""Images that a network learnt from and is judged on: counted, whatever way it came to them."""

import csv
import io

import pytest

from models_app.jobs.evaluation_seen import lineage_of, seen_in_training
from models_app.models import Checkpoint, Dataset, Label, LabelSet, LabelSplit
from models_app.services.jobs import job_delete
from tests.evaluations import evaluation_launch, evaluation_of, label_set_make, split_make
from tests.factories import file_read
from tests.findings import photos_make
from tests.jobs_rows import job_make
from tests.models_app.dashboard.evaluation_rows import checkpoint_row
from tests.models_app.jobs.test_finetune import launch
from tests.models_app.jobs.test_pretrain import done

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(real_photos) -> Dataset:
    return photos_make(real_photos)


@pytest.fixture
def split(dataset: Dataset) -> LabelSplit:
    """Three photos train, one validates, three test."""
    return split_make(label_set_make(dataset), test=3)


def turned(split: LabelSplit) -> LabelSplit:
    """Another split of the same labels: what trained and validated tests, and the other way."""
    made = split_make(split.label_set, "turned", test=3)
    learnt = [*split.members["train"], *split.members["validation"]]
    first, *others = split.members["test"]
    made.members = {"test": learnt, "validation": [first], "train": others}
    made.sha256 = "cd" * 32
    made.save()
    return made


def tuned(split: LabelSplit, name: str = "tuned", **values) -> Checkpoint:
    """A network as a fine-tuning on a split leaves it."""
    job = job_make(
        "succeeded", kind="finetune",
        config={"label_set": split.label_set.name, "split": split.name},
        result={"split_sha256": split.sha256},
    )  # fmt: skip
    return checkpoint_row(name, made_by=job, **values)


def labels(label_set: LabelSet, names: list[str] | None = None) -> list[Label]:
    found = label_set.labels.select_related("photo")
    return list(found if names is None else found.filter(name__in=names))


def seen(checkpoint: Checkpoint, judged: list[Label]) -> int | None:
    return seen_in_training(lineage_of(checkpoint), judged)


def test_the_test_part_of_another_split_is_told_to_be_none(split: LabelSplit):
    job = done(launch(max_epochs=1, batch=3))
    made = job.made.get()
    other = turned(split)
    ours = done(evaluation_launch(made, split.label_set, split="split"))
    theirs = done(evaluation_launch(made, split.label_set, split=other.name))
    everything = done(evaluation_launch(made, split.label_set))
    told = [evaluation_of(each).metrics["seen_in_training"] for each in (ours, theirs, everything)]
    assert told == [0, 4, 4]
    assert [each.result["seen_in_training"] for each in (ours, theirs)] == [0, 4]
    table = file_read(theirs.artifacts.get(name="metrics.csv").file).decode()
    assert {row["seen_in_training"] for row in csv.DictReader(io.StringIO(table))} == {"4"}
    # With its job goes what is known of it: nobody says that it has seen nothing.
    job_delete(job)
    after = done(evaluation_launch(made, split.label_set, split=other.name))
    assert evaluation_of(after).metrics["seen_in_training"] is None
    assert "seen_in_training" in after.result


def test_what_its_ancestors_were_tuned_with_counts(split: LabelSplit, dataset: Dataset):
    first = tuned(split)
    other = split_make(label_set_make(dataset, "other"), "half", test=6)
    other.members = {"train": split.members["test"][:1], "validation": [], "test": []}
    other.save()
    second = tuned(other, "again", parent=first)
    assert seen(second, labels(split.label_set)) == 5
    assert seen(first, labels(split.label_set)) == 4


def test_the_same_pixels_count_in_another_label_set_under_another_name(
    split: LabelSplit, dataset: Dataset
):
    other = label_set_make(dataset, "other")
    for label in other.labels.all():
        Label.objects.filter(pk=label.pk).update(name=f"renamed-{label.name}")
    assert seen(tuned(split), labels(other)) == 4


def test_images_that_are_not_at_hand_any_more_count_by_their_name(split: LabelSplit):
    made = tuned(split)
    Label.objects.filter(name__in=split.members["train"]).update(photo=None)
    assert seen(made, labels(split.label_set)) == 4


def test_a_name_in_another_label_set_is_not_the_same_image(split: LabelSplit):
    other = LabelSet.objects.create(name="far", kind="generic", scale_low=1, scale_high=10)
    for name in split.members["train"]:
        Label.objects.create(label_set=other, name=name, mean=5)
    assert seen(tuned(split), labels(other)) == 0


def test_weights_without_labels_have_seen_none(split: LabelSplit):
    pretrained = checkpoint_row("pretrained", purpose="pretrained", made_by=job_make("succeeded"))
    judged = labels(split.label_set)
    assert seen(pretrained, judged) == 0
    assert seen(checkpoint_row("nobody", is_random=True), judged) == 0
    test = labels(split.label_set, split.members["test"])
    assert seen(tuned(split, parent=pretrained), test) == 0


def test_of_what_was_imported_or_lost_nobody_knows(split: LabelSplit):
    judged = labels(split.label_set, split.members["test"])
    imported = checkpoint_row("imported")
    assert seen(imported, judged) is None
    assert seen(tuned(split, "child", parent=imported), judged) is None
    made = tuned(split)
    assert seen(made, judged) == 0
    # The split that has its name now is another one.
    LabelSplit.objects.filter(pk=split.pk).update(sha256="ef" * 32)
    assert seen(made, judged) is None
    # What is known is told though it may be more.
    again = tuned(LabelSplit.objects.get(pk=split.pk), "again", parent=made)
    assert seen(again, labels(split.label_set)) == 4
