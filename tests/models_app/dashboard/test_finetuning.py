"""The pages of fine-tuning runs: the list, and one."""

import re

import pytest
from django.urls import reverse

from models_app.models import Dataset, Job, LabelSet
from tests.evaluations import split_make
from tests.findings import photos_make
from tests.models_app.dashboard.evaluation_rows import (
    checkpoint_row,
    evaluation_make,
    finetuning_make,
    labels_make,
    results_make,
)

pytestmark = pytest.mark.django_db
LIST = "/dashboard/models/finetuning/"
ROLE = 3


@pytest.fixture
def dataset(real_photos) -> Dataset:
    return photos_make(real_photos[:2])


@pytest.fixture
def label_set(dataset: Dataset) -> LabelSet:
    return labels_make(dataset, 20)


def address(job: Job) -> str:
    return reverse("models_dashboard:job_results_finetune", args=[job.pk])


def text(response) -> str:
    page = response.content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<main") :]).split())


def test_an_empty_list_says_what_is_missing(manager, analyst, label_set: LabelSet):
    assert "a split that says which of them train" in text(manager.get(LIST))
    split_make(label_set)
    launch = reverse("models_dashboard:job_launch", args=["finetune"])
    assert launch in manager.get(LIST).content.decode()
    assert "An admin launches them; ask one." in text(analyst.get(LIST))


def test_the_list_shows_runs_in_every_state(analyst, label_set: LabelSet):
    finetuning_make(label_set, marks={"random_weights": False, "generated_labels": True},
                    config={"weights": "imagenet"})  # fmt: skip
    finetuning_make(label_set, "running", done=5, total=10)
    said = text(analyst.get(LIST))
    assert "labels, split generated images 240 photos (80%) 24 best 20 0.0" in said
    assert "ImageNet" in said
    assert "running 50% of the epochs at most" in said


def test_the_list_costs_two_queries_whatever_its_length(
    analyst, label_set: LabelSet, django_assert_num_queries
):
    finetuning_make(label_set)
    finetuning_make(label_set)
    # Label sets of drawn images; the runs.
    with django_assert_num_queries(ROLE + 2):
        analyst.get(LIST)


def test_a_run_shows_its_epochs_and_what_its_network_scored(manager, label_set: LabelSet):
    job = finetuning_make(label_set)
    made = checkpoint_row("tuned", made_by=job)
    split = split_make(label_set)
    evaluation_make(made, label_set, split=split)
    page = manager.get(address(job))
    said = text(page)
    assert "Epochs 24 stopped early: nothing improved any more" in said
    assert "only the new layer learnt for 8 epochs" in said
    assert "a guess that knows no photo: 0.0710" in said
    assert "20 best all 0.001" in said
    assert "Random initial weights." in said
    assert "240 photos train (80% of the labels)" in said
    assert f"split, test {split.sha256[:8]} 20" in said
    launch = reverse("models_dashboard:job_launch", args=["evaluate"])
    asked = "option-checkpoint=tuned&amp;option-label_set=labels&amp;option-split=split"
    assert f"{launch}?{asked}" in page.content.decode()


def test_what_it_did_not_reach_is_said(analyst, label_set: LabelSet):
    job = finetuning_make(
        label_set,
        results={"epochs": 6, "unfrozen": None, "stopped_early": False,
                 "validation": {"emd": 0.08, "total": 0.08, "mae": 0.6}},
    )  # fmt: skip
    said = text(analyst.get(address(job)))
    assert "ended by the limit of epochs, not by early stopping" in said
    assert "only the new layer learnt: no plateau came" in said
    assert "0.0800 a guess that knows no photo: 0.0710 not better than that" in said
    assert "SRCC, validation —" in said
    assert "Not evaluated yet" in said


def test_labels_of_drawn_images_are_marked(analyst, label_set: LabelSet):
    job = finetuning_make(label_set, marks={"random_weights": False, "generated_labels": True})
    said = text(analyst.get(address(job)))
    assert "Learnt from generated images: a check of the plumbing, no scientific claim." in said


def test_a_run_without_results_says_what_happens(analyst):
    assert "Waiting for a worker." in text(analyst.get(address(finetuning_make(None, "queued"))))
    live = {"epoch": "3", "validation_emd": "0.0700", "validation_srcc": "0.2000"}
    running = finetuning_make(None, "running", done=5, total=9, result={"live": live})
    assert "5 of at most 9 photos learnt from" in text(analyst.get(address(running)))
    assert "Validation after epoch 3: EMD 0.0700, SRCC 0.2000" in text(
        analyst.get(address(running))
    )
    failed = finetuning_make(None, "failed", error="It broke.", resume={"states": [{"step": 3}]})
    assert "This run failed. It broke. What it saved is kept" in text(analyst.get(address(failed)))


def test_a_run_costs_few_queries(analyst, label_set: LabelSet, django_assert_num_queries):
    job = finetuning_make(label_set)
    checkpoint_row("tuned", made_by=job)
    # The run, its files, its network, that network's evaluations, label sets of drawn images.
    with django_assert_num_queries(ROLE + 5):
        analyst.get(address(job))


def test_the_job_page_says_its_figures_in_words(analyst, label_set: LabelSet):
    job = finetuning_make(label_set)
    page = text(analyst.get(reverse("models_dashboard:job", args=[job.pk])))
    assert "Epochs with frozen layers 8" in page
    assert "Open the results" in page


def test_an_epoch_that_was_not_finite_is_a_gap(analyst, label_set: LabelSet):
    curves = results_make(epochs=6, unfrozen=2)["curves"]
    curves[0]["train_loss"] = None
    curves[0]["validation"] = {"total": None, "emd": None, "mae": None}
    job = finetuning_make(label_set, results={"curves": curves, "epochs": 6, "best_epoch": 2})
    page = analyst.get(address(job))
    assert "1 new layer 0.001000 — — — — — 2 best new layer" in text(page)
    assert "[1, null, null, null, null]" in page.content.decode()
