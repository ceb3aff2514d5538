"""A pretraining from the browser: launched, watched, cancelled, resumed, looked at, compared."""

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.db.models import F
from playwright.sync_api import Page

from models_app.jobs import training_states
from models_app.jobs.training_reports import JobReports
from models_app.models import Job, Photo
from tests.browser.conftest import Visitor
from tests.browser.test_nima import log_in, worker
from tests.config.conftest import wait_until
from tests.findings import photos_make
from tests.models_app.dashboard.training_rows import curves_draw, results_store, run_make

TRAINING = "/dashboard/models/training/"
FORM = "/dashboard/models/jobs/launch/pretrain/"
SMALL = {"width": "0.1", "side": "32", "epochs": "2", "photos_per_batch": "2"}
REST = {"distortions": "brightness,contrast", "warmup_steps": "0", "test_share": "0",
        "validation_share": "0.3", "decoders": "1"}  # fmt: skip


class Pace:
    """Lets a training report so many times; it waits before each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.turns = threading.Semaphore(0)
        real = JobReports.scalars

        def scalars(reports: JobReports, step: int, values: Mapping[str, float]) -> None:
            assert self.turns.acquire(timeout=120)
            real(reports, step, values)

        monkeypatch.setattr(JobReports, "scalars", scalars)
        monkeypatch.setattr(training_states, "EVERY_S", 0.0)

    def go(self, reports: int) -> None:
        self.turns.release(reports)


def launch(visitor: Visitor) -> str:
    page = visitor.page
    page.click("text=Launch a pretraining")
    page.select_option("#option-dataset", "d")
    page.select_option("#option-task", "ranking_regression")
    page.select_option("#option-weights", "random")
    for name, value in SMALL.items():
        page.fill(f"#option-{name}", value)
    assert not page.is_visible("#option-margin")
    page.click("text=All options")
    for name, value in REST.items():
        page.fill(f"#option-{name}", value)
    assert visitor.violations() == []
    page.click("main form button:has-text('Launch')")
    page.wait_for_url("**/jobs/*/")
    return page.url.rstrip("/").rpartition("/")[2]


def test_a_run_is_launched_watched_cancelled_resumed_and_looked_at(
    transactional_db: None, visit, real_photos: list[Path], monkeypatch
):
    visitor, pace = visit(), Pace(monkeypatch)
    page = visitor.page
    photos_make(real_photos)
    log_in(visitor, TRAINING)
    assert "No pretraining yet." in page.inner_text("main")
    assert visitor.violations() == []
    with worker():
        job = launch(visitor)
        pace.go(2)
        # Live curves on the page of the job.
        page.wait_for_selector("#curves figure:has-text('loss/total') svg path", state="attached")
        visitor.open(f"{TRAINING}{job}/")
        page.wait_for_selector("text=Watch its curves")
        visitor.open(f"/dashboard/models/jobs/{job}/")
        page.click("text=Cancel")
        page.click("main form button[type=submit]")
        # The worker looks once a second whether somebody cancelled, and says by its heartbeat so.
        asked = Job.objects.filter(pk=job, heartbeat_at__gt=F("cancel_requested_at"))
        assert wait_until(asked.exists)
        # The last step of the epoch, and its validation.
        pace.go(2)
        page.wait_for_selector(".state.cancelled")
        assert Job.objects.get(pk=job).resume["states"]
        page.click("text=Resume")
        if "resume" in page.url:
            page.click("main form button[type=submit]")
        pace.go(50)
        page.wait_for_selector(".state.succeeded", timeout=60_000)
    visitor.open(f"{TRAINING}{job}/")
    looked_at(visitor)
    assert visitor.hosts == {visitor.address.removeprefix("http://")}


def looked_at(visitor: Visitor) -> None:
    """What a real run left is drawn: accuracies, Fig. 4, levels, samples."""
    page = visitor.page
    assert "Random initial weights" in page.inner_text("main")
    for chart in ("forest", "violin", "small"):
        page.wait_for_selector(f"[data-chart={chart}] svg path", state="attached")
    # Brightness has ten levels and the undistorted photo.
    assert page.locator("[data-tiles] li").count() == 11
    page.click(".pick:has-text('Contrast')")
    assert page.inner_text("[data-strip-title]") == "Contrast"
    assert page.locator(".choice").count() == 2
    before = tile(page)
    page.click(".choice >> nth=1")
    assert tile(page) != before
    assert page.locator(".heat tbody tr").count() == 2
    assert visitor.violations() == []
    assert visitor.errors == []


def tile(page: Page) -> str:
    return page.evaluate("document.querySelector('.tile').style.backgroundImage")


def test_runs_are_chosen_and_compared_on_a_desk_and_on_a_phone(
    transactional_db: None, visit, real_photos: list[Path]
):
    visitor = visit()
    page = visitor.page
    dataset = photos_make(real_photos[:2])
    first, second = run_make(dataset), run_make(dataset, config={"learning_rate": 0.01})
    results_store(first, list(Photo.objects.order_by("pk")))
    for job, phase in ((first, 0.0), (second, 0.05)):
        curves_draw(job, phase)
    log_in(visitor, TRAINING)
    assert page.is_disabled("[data-compare]")
    page.check(f"[name=run][value='{first.pk}']")
    page.check(f"[name=run][value='{second.pk}']")
    assert "2 chosen" in page.inner_text("[data-chosen]")
    page.click("[data-compare]")
    page.wait_for_url("**/compare/**")
    lines = "[data-curve='rank_accuracy/all'] svg path[fill=none]"
    page.wait_for_selector(lines, state="attached")
    # A line a run, each in its colour.
    colours = page.eval_on_selector_all(lines, "all => all.map((p) => p.getAttribute('stroke'))")
    assert {"#0072b2", "#d55e00"} <= set(colours)
    page.click("[data-table='rank_accuracy/all'] summary")
    page.wait_for_selector("[data-table='rank_accuracy/all'] tbody tr:nth-child(2)")
    page.check("#log-scale")
    page.click("text=Speed")
    page.wait_for_selector("[data-curve='speed/images_per_s'] svg path", state="attached")
    assert visitor.violations() == []

    small = visit(390, 844, device_scale_factor=2, is_mobile=True, has_touch=True)
    small.context.add_cookies(visitor.context.cookies())
    compared = page.url.removeprefix(visitor.address)
    for path in (TRAINING, f"{TRAINING}{first.pk}/", compared, FORM):
        small.open(path)
        assert small.page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert small.violations() == [], path
    assert (visitor.errors, small.errors) == ([], [])
