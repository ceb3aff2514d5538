"""Adding photos from the browser: sent, imported, reported; refused; stopped; on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Route

from models_app.models import Job, Photo
from models_app.services.datasets import photos_import
from models_app.services.jobs import job_cancel
from tests.browser.conftest import Visitor
from tests.browser.test_labels import fits
from tests.browser.test_nima import log_in
from tests.jobs import work_all
from tests.models_app.zips import LINK, entry, zip_of

DATASETS = "/dashboard/models/datasets/"
ADD = f"{DATASETS}add/"


@pytest.fixture
def archive(tmp_path: Path, real_photos: list[Path]) -> Path:
    path = tmp_path / "Holidays 2026.zip"
    coffee = real_photos[2].read_bytes()
    photos = [(f"2026/{each.name}", each.read_bytes()) for each in real_photos[:4]]
    odd = [
        ("../outside.jpg", coffee),
        ("C:\\Users\\me\\photo.jpg", coffee),
        (entry("2026/link.jpg", mode=LINK), b"/etc/passwd"),
        ("2026/copy of coffee.png", coffee),
        ("2026/cut.jpg", real_photos[3].read_bytes()[:4000]),
        ("2026/notes.txt", b"x"),
        ("2026/.DS_Store", b"x"),
    ]
    path.write_bytes(zip_of([*photos, *odd]))
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "credits.csv"
    path.write_text("photo,credit,licence\ncoffee.png,Rachel,CC0\ngone.jpg,Nobody,CC0\n")
    return path


def test_a_zip_is_sent_imported_and_reported(visit, archive: Path, table: Path):
    visitor = visit()
    log_in(visitor, DATASETS)
    page = visitor.page
    page.click("text=Add photos")
    page.wait_for_load_state()
    assert visitor.violations() == []
    # The page's own check, before anything is sent.
    page.set_input_files("#files", [archive, table])
    assert "Choose one zip" in page.eval_on_selector("#files", "input => input.validationMessage")
    page.set_input_files("#files", archive)
    page.fill("#option-dataset", "Holidays")
    page.set_input_files("#credits", table)
    page.click("main form button[type=submit]")
    page.wait_for_url("**/imports/*/")
    page.wait_for_load_state()
    assert "queued" in page.locator("#status").inner_text()
    assert visitor.violations() == []
    assert work_all() == 1
    # The page follows by itself.
    page.wait_for_selector("h2:has-text('What became of each file')")
    page.wait_for_selector("table.became")
    page.wait_for_load_state()
    assert page.locator(".became tbody tr").count() == 6
    assert page.locator("tr:has-text('outside.jpg')").inner_text().count("leads out") == 1
    assert "1 row of the table of credits has no photo here" in page.inner_text("main")
    assert visitor.violations() == []
    page.click(".counts a:has-text('imported')")
    page.wait_for_load_state()
    page.click(".became td a:has-text('coffee.png')")
    page.wait_for_load_state()
    assert "Photo: Rachel · Licence: CC0" in page.inner_text(".credit")
    assert (visitor.errors, len(visitor.hosts)) == ([], 1)


def test_a_mistake_comes_back_in_the_form_and_can_be_put_right(visit, archive: Path, table: Path):
    visitor = visit()
    log_in(visitor, ADD)
    page = visitor.page
    table.write_text("photo,credit\ncoffee.png," + "x" * 300)
    page.set_input_files("#files", archive)
    page.set_input_files("#credits", table)
    page.fill("#option-dataset", "Holidays")
    page.click("main form button[type=submit]")
    page.wait_for_selector("#credits-error")
    assert "Row 2, column credit" in page.inner_text("#credits-error")
    assert page.input_value("#option-dataset") == "Holidays"
    assert page.evaluate("document.activeElement.id") == "credits"
    assert visitor.violations() == []
    page.set_input_files("#files", archive)
    page.click("main form button[type=submit]")
    page.wait_for_url("**/imports/*/")
    assert len([text for text in visitor.errors if "400" not in text]) == 0


def test_an_upload_can_be_stopped_and_a_broken_one_is_said(visit, archive: Path):
    visitor = visit()
    log_in(visitor, ADD)
    page = visitor.page
    held: list[Route] = []
    page.route(f"**{ADD}", lambda route: held.append(route))
    page.set_input_files("#files", archive)
    page.fill("#option-dataset", "Holidays")
    page.click("main form button[type=submit]")
    page.wait_for_selector("[data-sending]:not([hidden])")
    page.click("[data-stop]")
    page.wait_for_selector("text=Stopped; nothing was kept.")
    page.unroute(f"**{ADD}")
    page.route(f"**{ADD}", lambda route: route.abort())
    page.click("main form button[type=submit]")
    page.wait_for_selector("text=The connection broke; nothing was kept.")
    assert not Job.objects.exists()


def test_a_browser_without_scripts_adds_photos_too(visit, real_photos: list[Path]):
    visitor = visit(java_script_enabled=False)
    log_in(visitor, ADD)
    page = visitor.page
    page.set_input_files("#files", real_photos[:2])
    page.fill("#option-dataset", "Holidays")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/imports/*/")
    assert "A worker imports the photos" in page.inner_text("main")
    work_all()
    assert Photo.objects.count() == 2


def states(visitor: Visitor, archive: Path, real_photos: list[Path]):
    """Yield the name of each state once the page shows it."""
    page = visitor.page
    yield "empty"
    page.set_input_files("#files", archive)
    page.fill("#option-dataset", " ")
    page.click("main form button[type=submit]")
    page.wait_for_selector("#dataset-error")
    yield "refused"
    photos_import("Holidays", {real_photos[0]: real_photos[0].name})
    page.set_input_files("#files", archive)
    page.fill("#option-dataset", "Holidays")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/imports/*/")
    yield "queued"
    job = Job.objects.get()
    Job.objects.filter(pk=job.pk).update(
        state="running", done=3, total=10, rate=4.2, started_at=job.created_at,
        claimed_at=job.created_at, result={"skipped": 1},
    )  # fmt: skip
    page.wait_for_selector("#status .state.running")
    yield "running"
    Job.objects.filter(pk=job.pk).update(state="queued", rate=0, claimed_at=None)
    work_all()
    page.wait_for_selector("table.became")
    yield "finished"
    visitor.open(ADD)
    page.set_input_files("#files", archive)
    page.fill("#option-dataset", "Holidays")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/imports/*/")
    job_cancel(Job.objects.latest("pk"))
    page.wait_for_selector("#status .state.cancelled")
    yield "cancelled"


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
def test_every_state_fits_and_is_accessible(
    visit, archive: Path, real_photos: list[Path], width: int, height: int
):
    visitor = visit(width, height)
    log_in(visitor, ADD)
    for state in states(visitor, archive, real_photos):
        visitor.page.wait_for_load_state()
        assert fits(visitor), state
        assert visitor.violations() == [], state
