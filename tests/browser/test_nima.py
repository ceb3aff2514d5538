"""A NIMA check from the browser: weights, launch, watch, cancel, resume, finish; on a phone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from models_app.jobs.photo_walk import PhotoWalk
from models_app.jobs.runner import work_next
from models_app.models import Checkpoint, Job, Photo
from tests.browser.conftest import Visitor
from tests.findings import checkpoint_make, photos_make, weights_make

CHECKS = "/dashboard/models/nima/"


class Pace:
    """Lets a worker do so many batches; it waits before each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.turns = threading.Semaphore(0)
        real = PhotoWalk.saving

        def saving(walk: PhotoWalk):
            assert self.turns.acquire(timeout=120)
            return real(walk)

        monkeypatch.setattr(PhotoWalk, "saving", saving)

    def go(self, batches: int) -> None:
        self.turns.release(batches)


@contextmanager
def worker() -> Iterator[None]:
    """A worker in a thread, as the pool has it in a process."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.1):
            work_next("cpu")
        connection.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(120)


def log_in(visitor: Visitor, page: str = CHECKS) -> None:
    User.objects.create_superuser("ada", password="correct horse battery")
    visitor.open(f"/login/?next={page}")
    visitor.page.fill("[name=username]", "ada")
    visitor.page.fill("[name=password]", "correct horse battery")
    visitor.page.press("[name=password]", "Enter")
    visitor.page.wait_for_url(f"**{page}")


def import_weights(visitor: Visitor, path: Path) -> None:
    page = visitor.page
    page.click("text=Import a checkpoint")
    page.select_option("#architecture", "nima_mobilenet_v2")
    page.click("text=Go on")
    page.fill("#option-name", "try-out")
    page.fill("#option-resize", "72")
    page.fill("#option-crop", "64")
    # Filling in a way chooses it.
    page.fill("#option-seed", "7")
    assert page.is_checked("[name=weights][value=random]")
    page.set_input_files("#file", path)
    assert page.is_checked("[name=weights][value=upload]")
    assert visitor.violations() == []
    page.click("main button:has-text('Import')")
    page.wait_for_url("**/jobs/*/")
    page.wait_for_selector(".state.succeeded")


def test_a_check_is_launched_watched_cancelled_resumed_and_finished(
    transactional_db: None, visit, real_photos: list[Path], monkeypatch, tmp_path: Path
):
    weights_make(tmp_path / "w.safetensors")
    visitor, pace = visit(), Pace(monkeypatch)
    page = visitor.page
    photos_make(real_photos)
    log_in(visitor)
    assert "No check yet." in page.inner_text("main")
    assert visitor.violations() == []
    with worker():
        import_weights(visitor, tmp_path / "w.safetensors")
        visitor.open(CHECKS)
        page.click("text=Launch a NIMA check")
        page.select_option("#option-dataset", "d")
        page.select_option("#option-checkpoint", "try-out")
        page.fill("#option-batch_size", "1")
        page.click("main form button:has-text('Launch')")
        page.wait_for_url("**/jobs/*/")
        job = page.url.rstrip("/").rpartition("/")[2]

        pace.go(3)
        visitor.open(f"{CHECKS}{job}/")
        page.wait_for_selector("text=3 of 7 photos looked at")
        assert visitor.violations() == []

        visitor.open(f"/dashboard/models/jobs/{job}/")
        page.click("text=Cancel")
        page.click("main form button[type=submit]")
        pace.go(1)
        page.wait_for_selector(".state.cancelled")
        assert Job.objects.get(pk=job).scores.count() == 4
        visitor.open(f"{CHECKS}{job}/")
        assert "This check was cancelled. 4 photos were looked at before" in " ".join(
            page.inner_text("main").split()
        )

        visitor.open(f"/dashboard/models/jobs/{job}/")
        page.click("text=Resume")
        if "resume" in page.url:
            page.click("main form button[type=submit]")
        pace.go(7)
        page.wait_for_selector(".state.succeeded")
    finished(visitor, job)
    phone(visit, visitor, job)


def finished(visitor: Visitor, job: str) -> None:
    page = visitor.page
    visitor.open(f"{CHECKS}{job}/")
    assert "Random weights: scores mean nothing." in page.inner_text("main")
    assert page.locator(".gallery").first.locator("li").count() == 7
    page.wait_for_selector("[data-chart=histogram] svg path", state="attached")
    page.click(".gallery >> nth=0 >> button >> nth=0")
    page.wait_for_selector(".left-out")
    photo = Photo.objects.get(excluded_at__isnull=False)
    assert photo.excluded_reason.startswith("NIMA score ")
    assert photo.excluded_reason.endswith(
        f"by checkpoint try-out, whose weights are random (job {job})"
    )
    assert visitor.violations() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert visitor.hosts == {visitor.address.removeprefix("http://")}
    assert visitor.errors == []


def phone(visit, visitor: Visitor, job: str) -> None:
    small = visit(390, 844, device_scale_factor=2, is_mobile=True, has_touch=True)
    small.context.add_cookies(visitor.context.cookies())
    made = Checkpoint.objects.get()
    pages = ("checkpoints/", f"checkpoints/{made.pk}/",
             "checkpoints/import/?architecture=nima_vgg16", "nima/", f"nima/{job}/",
             "diversity/")  # fmt: skip
    for path in pages:
        small.open(f"/dashboard/models/{path}")
        assert small.page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert small.violations() == [], path
    assert small.errors == []


def test_a_file_that_is_too_large_is_not_even_sent(
    transactional_db: None, visit, settings, tmp_path: Path
):
    settings.CHECKPOINT_MAX_BYTES = 1_000_000
    (tmp_path / "net.pth").write_bytes(b"x" * 1_100_000)
    visitor = visit()
    log_in(visitor, "/dashboard/models/checkpoints/import/")
    visitor.open("/dashboard/models/checkpoints/import/?architecture=nima_vgg16")
    page = visitor.page
    page.fill("#option-name", "net")
    page.set_input_files("#file", tmp_path / "net.pth")
    page.click("main button:has-text('Import')")
    assert page.evaluate("document.querySelector('#file').validationMessage") == (
        "The file is too large; allowed are 1 MB: save the weights alone."
    )
    assert not Job.objects.exists()
    assert not Checkpoint.objects.exists()


def test_a_diversity_check_shows_its_charts(transactional_db: None, visit, real_photos: list[Path]):
    from models_app.models import PhotoContent

    photos_make(real_photos)
    job = Job.objects.create(
        kind="diversity_check", label="d", state="succeeded", queue="cpu",
        dataset=Photo.objects.earliest("pk").dataset, config={"dataset": "d", "threshold": 0.5},
        **dict.fromkeys(("created_at", "queued_at", "sent_at"), checkpoint_make().created_at),
    )  # fmt: skip
    for photo, label in zip(Photo.objects.all(), "aabcdea", strict=True):
        PhotoContent.objects.create(job=job, photo=photo, kind="class", label=label, confidence=1)
    visitor = visit()
    log_in(visitor, f"/dashboard/models/diversity/{job.pk}/")
    visitor.page.wait_for_selector("[data-key=class] svg path", state="attached")
    assert "Nothing was found with this confidence." in visitor.page.inner_text("main")
    assert visitor.violations() == []
    assert visitor.errors == []
