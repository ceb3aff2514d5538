"""A fine-tuning and an evaluation from the browser: launched, looked at, compared."""

from pathlib import Path

import pytest

from models_app.models import Dataset, Evaluation, Job
from tests.browser.test_nima import log_in
from tests.evaluations import label_set_make, split_make
from tests.findings import photos_make
from tests.jobs import work_all
from tests.models_app.dashboard.evaluation_rows import (
    checkpoint_row,
    evaluation_make,
    finetuning_make,
    labels_make,
)

EVALUATIONS = "/dashboard/models/evaluations/"
FINETUNINGS = "/dashboard/models/finetuning/"
FORM = "/dashboard/models/jobs/launch/finetune/"
SMALL = {"width": "0.1", "side": "32", "max_epochs": "2", "batch": "2"}


@pytest.fixture
def dataset(transactional_db: None, real_photos: list[Path]) -> Dataset:
    return photos_make(real_photos)


def test_a_network_is_tuned_and_evaluated_by_two_forms(dataset: Dataset, visit):
    split_make(label_set_make(dataset), test=3)
    visitor = visit()
    page = visitor.page
    log_in(visitor, FINETUNINGS)
    page.click("text=Launch a fine-tuning")
    page.select_option("#option-label_set", "labels")
    page.select_option("#option-split", "split")
    page.select_option("#option-weights", "random")
    for name, value in SMALL.items():
        page.fill(f"#option-{name}", value)
    assert visitor.violations() == []
    page.click("main form button:has-text('Launch')")
    page.wait_for_url("**/jobs/*/")
    work_all()
    page.reload()
    page.click("text=Open the results")
    page.wait_for_selector("[data-chart=losses] svg path", state="attached")
    assert "Random initial weights" in page.inner_text("main")
    # Filled in: what it made, the labels that it learnt from, and their test part.
    page.click("text=Evaluate it >> nth=0")
    assert page.input_value("#option-split") == "split"
    assert page.input_value("#option-checkpoint") == Job.objects.get().made.get().name
    page.click("main form button:has-text('Launch')")
    page.wait_for_url("**/jobs/*/")
    work_all()
    page.reload()
    page.click("text=Open the results")
    page.wait_for_selector("[data-chart=scatter] svg path", state="attached")
    assert "3 images" in page.inner_text("main")
    assert Evaluation.objects.get().n == 3
    assert (visitor.violations(), visitor.errors) == ([], [])


def test_evaluations_are_compared_on_a_desk_and_on_a_phone(dataset: Dataset, visit):
    label_set = labels_make(dataset, 120)
    split = split_make(label_set, test=120)
    job = finetuning_make(label_set)
    pair = [
        evaluation_make(checkpoint_row(name, made_by=job), label_set, split=split, skill=skill)
        for name, skill in (("base", 0.2), ("better", 0.9))
    ]
    evaluation_make(checkpoint_row("elsewhere"), labels_make(dataset, 9, name="other"))
    visitor = visit()
    page = visitor.page
    log_in(visitor, EVALUATIONS)
    assert page.is_disabled("[data-compare]")
    boxes = "input[name=evaluation]"
    page.check(f"{boxes} >> nth=0")
    page.check(f"{boxes} >> nth=1")
    assert "different images" in page.inner_text("[data-chosen]")
    assert page.is_disabled("[data-compare]")
    page.uncheck(f"{boxes} >> nth=0")
    page.check(f"{boxes} >> nth=2")
    page.click("[data-compare]")
    page.wait_for_url("**/compare/**")
    page.click("text=Compute the differences")
    page.wait_for_selector("[data-live]")
    work_all()
    # The page looks again by itself.
    page.wait_for_selector("text=Are its absolute errors smaller", timeout=20_000)
    assert visitor.violations() == []
    compared = page.url.removeprefix(visitor.address)
    visitor.open(f"{EVALUATIONS}{pair[1].job_id}/")
    page.wait_for_selector("[data-chart=errors] svg path", state="attached")
    assert visitor.violations() == []

    small = visit(390, 844, device_scale_factor=2, is_mobile=True, has_touch=True)
    small.context.add_cookies(visitor.context.cookies())
    pages = (EVALUATIONS, f"{EVALUATIONS}{pair[1].job_id}/", compared, FINETUNINGS,
             f"{FINETUNINGS}{job.pk}/", FORM)  # fmt: skip
    for path in pages:
        small.open(path)
        assert small.page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert small.violations() == [], path
    assert (visitor.errors, small.errors) == ([], [])
