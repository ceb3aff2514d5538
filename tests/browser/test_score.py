"""Scoring a photo from the browser: drop, wait, look; then the registry's pages; on a phone."""

import base64
from pathlib import Path

from models_app.models import Checkpoint, Job
from tests.browser.conftest import Visitor
from tests.browser.test_nima import log_in, worker
from tests.findings import checkpoint_make, nima_launch, photos_make
from tests.jobs import work_all
from tests.scored import telling_photo

SCORE = "/dashboard/models/score/"
# What a hand does that drops a file: the event has it, and no disk is asked.
DROP = """([area, content]) => {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "holiday.jpg", { type: "image/jpeg" }));
  const options = { dataTransfer: data, bubbles: true, cancelable: true };
  for (const name of ["dragenter", "dragover", "drop"]) {
    document.querySelector(area).dispatchEvent(new DragEvent(name, options));
  }
}"""


def test_a_dropped_photo_gets_its_score_and_its_curves(
    transactional_db: None, visit, real_photos: list[Path]
):
    photos_make(real_photos[:3])
    made = checkpoint_make()
    nima_launch(made)
    work_all()
    checkpoint_make("second", seed=2)
    visitor = visit()
    page = visitor.page
    log_in(visitor, SCORE)
    assert visitor.violations() == []
    page.select_option("#checkpoint", made.name)
    content = telling_photo(real_photos[0], side=320)
    with page.expect_navigation(url="**/score/*/"):
        page.evaluate(DROP, ["[data-drop]", base64.b64encode(content).decode()])
    page.wait_for_selector("[data-wait]")
    with worker():
        # No reload by hand: the page looks by itself.
        page.wait_for_selector("svg.bars", timeout=60_000)
        page.wait_for_selector("svg.small-curve", timeout=60_000)
    job = Job.objects.get(kind="score_photo")
    assert job.checkpoint == made
    said = " ".join(page.inner_text("main").split())
    assert f"{job.result['mean']:.2f}" in said
    assert "of 3 photos of d" in said
    assert page.locator("svg.small-curve").count() == 21
    assert page.evaluate("document.querySelector('.surround img').naturalWidth") == 320
    assert page.locator("[data-wait]").count() == 0
    assert visitor.violations() == []
    assert visitor.errors == []
    assert visitor.hosts == {visitor.address.removeprefix("http://")}
    phone(visit, visitor, job, made)


def phone(visit, visitor: Visitor, job: Job, made: Checkpoint) -> None:
    small = visit(390, 844, device_scale_factor=2, is_mobile=True, has_touch=True)
    small.context.add_cookies(visitor.context.cookies())
    both = "&".join(f"checkpoint={each.pk}" for each in Checkpoint.objects.all())
    pages = (f"score/{job.pk}/", "score/", "checkpoints/", f"checkpoints/{made.pk}/",
             f"checkpoints/compare/?{both}")  # fmt: skip
    for path in pages:
        small.open(f"/dashboard/models/{path}")
        assert small.page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert small.violations() == [], path
    assert small.errors == []
