"""Jobs in a browser: launched, watched, stopped, resumed, at a desk and on a phone."""

import pytest
from django.contrib.auth.models import User

from models_app.models import Job, JobMetric, JobSeries
from survey.models import Survey
from tests.browser.conftest import Visitor
from tests.jobs import work_all
from tests.jobs_rows import curve_make, job_make, worker_make

BOARD = "/dashboard/models/jobs/"
PASSWORD = "correct horse battery"


def log_in(visitor: Visitor, to: str = BOARD) -> None:
    if not User.objects.filter(username="ada").exists():
        User.objects.create_superuser("ada", password=PASSWORD)
    visitor.open(f"/login/?next={to}")
    visitor.page.fill("[name=username]", "ada")
    visitor.page.fill("[name=password]", PASSWORD)
    visitor.page.press("[name=password]", "Enter")
    visitor.page.wait_for_url(f"**{to}")


def good(visitor: Visitor) -> None:
    """Nothing that a person with a screen reader or a small screen would trip over."""
    assert visitor.violations() == []
    page = visitor.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_job_from_its_form_to_its_end(study: Survey, visit):
    Job.objects.all().delete()
    visitor = visit()
    page = visitor.page
    log_in(visitor)
    assert "There is no job yet." in page.inner_text("main")
    good(visitor)
    page.click("text=Launch a job")
    good(visitor)
    page.click("text=Render a survey")
    page.fill("[name=option-part]", "99")
    page.click("button:has-text('Launch') >> nth=0")
    page.wait_for_selector("text=2 options have to be put right.")
    # The cursor is at the first thing to put right, what was typed is still there.
    assert page.evaluate("document.activeElement.name") == "option-survey"
    assert page.input_value("[name=option-part]") == "99"
    good(visitor)
    page.fill("[name=option-part]", "1")
    page.select_option("[name=option-survey]", "study")
    page.dblclick("button:has-text('Launch') >> nth=0")
    page.wait_for_selector("text=is in the queue.")
    job = Job.objects.get()
    assert "CPU, number 1 in line" in page.inner_text("#status")
    good(visitor)

    page.click("#actions >> text=Cancel")
    good(visitor)
    page.click("button:has-text('Cancel the job')")
    page.wait_for_selector("#status >> text=cancelled")
    page.click("#actions >> text=Resume")
    page.click("button:has-text('Resume the job')")
    page.wait_for_selector("#status >> text=number 1 in line")
    assert page.locator(".said").is_visible()
    work_all()
    # It appears by itself, and what the click brought about is history.
    page.wait_for_selector("#status >> text=succeeded")
    assert not page.locator(".said").is_visible()
    page.wait_for_selector("#actions >> text=Delete")
    assert "attempt 2 on" in page.inner_text("#log")
    assert f"{BOARD}{job.pk}/" in page.url
    good(visitor)

    page.click("text=Clone with changes")
    assert page.input_value("[name=option-survey]") == "study"
    page.click("text=Paste JSON instead")
    page.fill("#json", '{"survey": "study", "prat": 1}')
    page.click("text=Launch from JSON")
    page.wait_for_selector("text=Did you mean part?")
    good(visitor)
    assert visitor.hosts == {visitor.address.removeprefix("http://")}
    assert visitor.errors == []


def test_the_board_follows_in_place(transactional_db: None, visit):
    worker_make("desk/10")
    running = job_make("running", label="Running", total=80, done=8, rate=2, worker="desk/10/11")
    job_make("queued", label="Waiting", queue="gpu", total=5)
    job_make("failed", label="Broken", error="The disk is full.")
    job_make("succeeded", label="Done", done=80, total=80)
    visitor = visit()
    page = visitor.page
    log_in(visitor)
    row = page.locator(f"[data-job='{running.pk}']")
    assert "8 of 80 2/s, 36 s left" in " ".join(row.inner_text().split())
    assert "No worker is running for the queue GPU: 1 job waits." in page.inner_text("#workers")
    good(visitor)
    before = row.bounding_box()
    Job.objects.filter(pk=running.pk).update(done=40)
    page.wait_for_selector("text=40 of 80")
    assert row.locator("progress").get_attribute("value") is not None
    assert row.locator("progress").evaluate("(bar) => bar.value") == 50
    assert row.bounding_box() == before
    assert page.inner_text("[data-count=queued]") == "1"
    job_make(label="New")
    page.wait_for_selector("[data-count=queued]:text-is('2')")
    page.wait_for_selector("text=One new job – show")
    assert page.locator("a.row:text-is('New')").count() == 0
    page.click("text=One new job – show")
    page.wait_for_selector("a.row:text-is('New')")

    phone = visit(390, 844, device_scale_factor=2, is_mobile=True, has_touch=True)
    phone.context.add_cookies(visitor.context.cookies())
    phone.open(BOARD)
    good(phone)
    # The link of a row covers it, so that a finger finds it.
    phone.page.locator(f"[data-job='{running.pk}'] .far").tap(force=True)
    phone.page.wait_for_url(f"**{BOARD}{running.pk}/")
    good(phone)
    assert visitor.errors == phone.errors == []

    visitor.context.clear_cookies()
    page.wait_for_selector("text=You are logged out;")
    assert page.locator("text=Log in again").is_visible()
    assert not page.locator("[data-age]").is_visible()


def test_curves_and_log_grow_while_somebody_looks(transactional_db: None, visit):
    job = job_make("running", label="Training", total=3000, done=1500, rate=50)
    Job.objects.update(log="\n".join(f"line {n}" for n in range(100)))
    series = curve_make(job, "loss", range(1, 1501), lambda n: 1 / n)
    curve_make(job, "{b|accuracy} <i>", range(1, 6), lambda n: n / 10)
    visitor = visit()
    page = visitor.page
    log_in(visitor, f"{BOARD}{job.pk}/")
    page.wait_for_selector("figure >> text=one point of every 2 steps")
    assert page.locator("figure").count() == 2
    assert page.locator("figure svg path").count() > 4
    good(visitor)
    page.click("figure >> nth=0 >> text=Table")
    rows = page.locator("figure >> nth=0 >> tbody tr")
    assert rows.first.inner_text().split() == ["1,500", "6.667e-4"]
    page.check("#log-scale")
    good(visitor)

    # Whoever has scrolled back is not moved.
    log = page.locator("#log")
    log.evaluate("(pre) => { pre.scrollTop = 40; }")
    JobMetric.objects.create(series=series, step=1502, value=0.25)
    JobSeries.objects.filter(pk=series.pk).update(last_step=1502)
    Job.objects.update(log="\n".join(f"line {n}" for n in range(101)), done=1502)
    page.wait_for_selector("text=Held while you read; scroll to the end to follow.")
    assert log.evaluate("(pre) => pre.scrollTop") == 40
    assert "line 100" not in log.inner_text()
    log.evaluate("(pre) => { pre.scrollTop = pre.scrollHeight; }")
    page.wait_for_selector("#log:has-text('line 100')")
    page.wait_for_selector("figure >> nth=0 >> tbody tr:has-text('1,502')")
    assert "0.25" in rows.first.inner_text()

    # A keyboard's focus stays on a button while everything around it changes.
    page.locator("#actions >> text=Cancel").focus()
    Job.objects.update(done=2000)
    page.wait_for_selector("#status >> text=2,000 of 3,000")
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    assert visitor.errors == []


def test_without_script_everything_is_there(transactional_db: None, visit):
    job = job_make("running", label="Plain", total=4, done=1)
    curve_make(job, "loss", range(3))
    visitor = visit(java_script_enabled=False)
    log_in(visitor)
    visitor.page.click("text=Plain")
    assert "25.0%" in visitor.page.inner_text("#status")
    assert "2 at step 2" in " ".join(visitor.page.inner_text("#curves").split())
    visitor.page.click("#actions >> text=Cancel")
    visitor.page.click("button:has-text('Cancel the job')")
    visitor.page.wait_for_selector("text=was asked to stop.")
    job.refresh_from_db()
    assert job.cancel_requested_at is not None


@pytest.mark.parametrize("width", [390, 1440])
def test_workers(transactional_db: None, visit, width: int):
    visitor = visit(width, 844)
    log_in(visitor, "/dashboard/models/workers/")
    good(visitor)
    worker_make("desk/10", device="A card with a very long name indeed x 64")
    worker_make("den/7", silent_s=61)
    visitor.page.wait_for_selector("#workers >> text=A card with")
    visitor.page.wait_for_selector("text=Fell silent")
    good(visitor)
    assert visitor.errors == []
