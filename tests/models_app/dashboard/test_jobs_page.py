"""The page of one job: what it tells, its curves, its files."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from models_app.clock import db_now
from models_app.models import Checkpoint, Dataset, Job, JobArtifact
from tests.jobs_rows import curve_make, job_make, worker_make

BOARD = "/dashboard/models/jobs/"
pytestmark = pytest.mark.django_db


def text(response) -> str:
    html = response.content.decode()
    body = re.sub(r"<script.*?</script>", "", html[html.index("<main") :], flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def artifact_make(job: Job, name: str = "weights.bin", content: bytes = b"abc") -> JobArtifact:
    file = default_storage.save("jobs/test.bin", ContentFile(content))
    return JobArtifact.objects.create(
        job=job, name=name, file=file, content_type="application/octet-stream",
        bytes=len(content), sha256="ab" * 32, created_at=db_now(),
    )  # fmt: skip


@pytest.mark.parametrize("end", ["", "live/", "curves/", "metrics.csv", "artifacts/{file}/"])
def test_only_people_with_a_role_look(
    client: Client, outsider: Client, analyst: Client, manager: Client, end: str
):
    job = job_make()
    address = f"{BOARD}{job.pk}/{end.format(file=artifact_make(job).pk)}"
    assert client.get(address)["Location"] == f"/login/?next={address}"
    assert outsider.get(address).status_code == 403
    for somebody in (analyst, manager):
        response = somebody.get(address)
        response.getvalue()
        assert response.status_code == 200
        assert somebody.post(address).status_code == 405
    missing = address.replace(f"/{job.pk}/", "/999999/")
    assert analyst.get(missing).status_code == 404


@pytest.mark.parametrize("pk", ["0", "-1", "x", "1.5", "%00", "..%2f1", "9" * 40, "²"])
def test_what_is_no_number_is_not_found(analyst: Client, pk: str):
    for end in ("", "live/", "curves/", "metrics.csv", "artifacts/1/"):
        assert analyst.get(f"{BOARD}{pk}/{end}").status_code == 404


def test_a_running_job_tells_where_it_stands(analyst: Client):
    job = job_make(
        "running", done=30, total=120, rate=2, worker="desk/1/2", device="A card", seed=7,
        attempt=2, crashes=1, created_by=User.objects.create_user("eve"), stage="loading",
        versions={"python": "3.11.2"}, log="12:00:00 attempt 2",
    )  # fmt: skip
    said = text(analyst.get(f"{BOARD}{job.pk}/"))
    for part in (
        "25.0% 30 of 120, loading 2/s, 45 s left", "Worker desk/1/2", "Device A card", "Seed 7",
        "Attempt 2 1 worker died over it", "Launched by eve", "Worked under 1 min",
        "Versions python 3.11.2", "12:00:00 attempt 2", "Queue CPU, A card",
        "Makes the pictures that a survey still lacks",
    ):  # fmt: skip
        assert part in said


def test_every_option_is_explained_and_defaults_are_marked(analyst: Client):
    job = job_make(config={"survey": "study", "part": 2, "parts": 1, "older": [1]})
    response = analyst.get(f"{BOARD}{job.pk}/")
    said = text(response)
    assert "Survey survey study Short name of the survey whose pictures are made." in said
    assert "Part part 2 Which of several jobs" in said
    assert "Parts parts 1 default How many jobs" in said
    assert "older older [1] This version does not know it." in said
    shown = re.search(r'<pre class="json"[^>]*>(.*?)</pre>', response.content.decode(), re.DOTALL)
    assert shown is not None
    assert json.loads(shown[1].replace("&quot;", '"')) == job.config


def test_a_queue_without_a_worker_is_told(analyst: Client):
    job = job_make(queue="gpu")
    worker_make(queues="cpu")
    said = "No worker is running for the queue GPU: 1 job waits. Start a worker"
    assert said in text(analyst.get(f"{BOARD}{job.pk}/"))
    worker_make("den/7", queues="cpu,gpu")
    assert "No worker is running" not in text(analyst.get(f"{BOARD}{job.pk}/"))


@pytest.mark.parametrize(
    ("worked", "said"), [(38.2, "38 s"), (252, "4 min 12 s"), (600, "10 min"), (7.5, "7.5 s")]
)
def test_short_work_is_told_in_seconds(analyst: Client, worked: float, said: str):
    job = job_make("succeeded", worked_s=worked)
    assert f"Worked {said} Launched" in text(analyst.get(f"{BOARD}{job.pk}/"))


@pytest.mark.parametrize(
    ("ran_s", "done", "rate", "said"),
    [
        # As if claimed later, so that a slow page is no older than it may be.
        (-60, 5, 5.273, "5 of 100 5.3/s State"),
        (6, 5, 5.273, "5 of 100 5.3/s, 18 s left"),
        (-60, 10, 11.4, "10 of 100 11/s, 7.9 s left"),
        (6, 5, 1234, "5 of 100 1,200/s, 0.1 s left"),
    ],
)
def test_the_time_left_is_told_once_it_is_known(
    analyst: Client, ran_s: float, done: int, rate: float, said: str
):
    job = job_make(
        "running", done=done, total=100, rate=rate, claimed_at=db_now() - timedelta(seconds=ran_s)
    )
    assert said in text(analyst.get(f"{BOARD}{job.pk}/"))


def test_figures_have_names(analyst: Client):
    estimate = {"value": 12.345, "low": 10, "high": 15.02}
    job = job_make(
        "succeeded",
        kind="diversity_check",
        config={},
        result={
            "effective_classes": {"order1": estimate, "order2": {"undefined": "too few photos"}},
            "unreadable_names": [],
            "random_weights": False,
        },
    )
    said = text(analyst.get(f"{BOARD}{job.pk}/"))
    assert (
        "Effective number of classes order 1: 12.3 (95% interval 10 to 15); order 2: too few photos"
    ) in said
    assert "Random weights no" in said
    assert "unreadable" not in said
    checked = job_make(
        "succeeded", kind="nima_check", config={}, result={"share_above_5_low": 0.98761}
    )
    said = text(analyst.get(f"{BOARD}{checked.pk}/"))
    assert "Share above 5, lower bound (95%) 0.9876" in said


@pytest.mark.parametrize(
    ("kind", "state", "result", "offered"),
    [
        ("nima_check", "failed", {}, False),
        ("nima_check", "cancelled", {}, False),
        ("nima_check", "running", {}, True),
        ("nima_check", "succeeded", {"n": 3}, True),
        ("import_checkpoint", "running", {}, False),
    ],
)
def test_results_are_offered_where_there_are_any(
    analyst: Client, kind: str, state: str, result: dict[str, int], offered: bool
):
    job = job_make(state, kind=kind, config={}, result=result)
    assert ("Open the results" in text(analyst.get(f"{BOARD}{job.pk}/"))) == offered


def test_a_failure_is_a_sentence_with_what_to_do(analyst: Client):
    job = job_make("failed", error="The disk is full; free some space, then resume the job.")
    said = text(analyst.get(f"{BOARD}{job.pk}/"))
    assert "The disk is full; free some space, then resume the job. What it saved is kept" in said


def test_a_kind_that_is_no_more_still_has_its_page(analyst: Client, admin: Client):
    job = job_make("failed", kind="gone_kind", config={"a": 1})
    assert "gone_kind" in text(analyst.get(f"{BOARD}{job.pk}/"))
    assert "Clone" not in text(admin.get(f"{BOARD}{job.pk}/"))


def test_lineage(analyst: Client):
    data = Dataset.objects.create(name="holiday")
    weights = Checkpoint.objects.create(
        name="guess", architecture="a", file="f", bytes=1, sha256="s", preprocessing={},
        is_random=True,
    )  # fmt: skip
    first = job_make("succeeded", label="First", result={"n": 12345, "share": 0.87654, "w": "a"})
    job = job_make(cloned_from=first, dataset=data, checkpoint=weights, label="Second")
    said = text(analyst.get(f"{BOARD}{job.pk}/"))
    assert "Dataset holiday 0 photos" in said
    assert "Checkpoint guess random weights" in said
    assert f"Cloned from #{first.pk} First" in said
    said = text(analyst.get(f"{BOARD}{first.pk}/"))
    assert f"Clones #{job.pk} Second queued" in said
    # In the order of the database, which is not always that of the job.
    assert all(figure in said for figure in ("n 12,345", "share 0.8765", "w a"))


def test_what_jobs_write_is_no_markup(admin: Client):
    bad = "</pre><script>alert(1)</script>"
    job = job_make(
        "failed", label=bad, log=bad, error=bad, stage=bad[:100], device=bad, worker=bad,
        config={bad: bad}, result={bad: bad}, versions={bad: bad},
    )  # fmt: skip
    artifact_make(job, name=bad)
    curve_make(job, bad, range(3))
    page = admin.get(f"{BOARD}{job.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "</pre><script" not in page
    parts = admin.get(f"{BOARD}{job.pk}/live/").json()["parts"]
    assert all("<script" not in part for part in parts.values())


def test_it_asks_for_what_changed(analyst: Client):
    job = job_make("running", log="one", total=10)
    address = f"{BOARD}{job.pk}/live/"
    first = analyst.get(address)
    body = first.json()
    assert (body["state"], body["log"]) == ("running", "one")
    assert "0 of 10" in body["parts"]["status"]
    known = analyst.get(f"{address}?log={body['log_key']}")
    assert "log" not in known.json()
    again = analyst.get(
        f"{address}?log={body['log_key']}", headers={"If-None-Match": known["ETag"]}
    )
    assert again.status_code == 304
    Job.objects.update(log="one\ntwo")
    assert analyst.get(f"{address}?log={body['log_key']}").json()["log"] == "one\ntwo"


def test_buttons_are_for_admins_and_fit_the_state(analyst: Client, manager: Client):
    offered = {
        "queued": ["Cancel", "Clone with changes"],
        "running": ["Cancel", "Clone with changes"],
        "succeeded": ["Clone with changes", "Delete"],
        "failed": ["Resume", "Clone with changes", "Delete"],
        "cancelled": ["Resume", "Clone with changes", "Delete"],
    }
    for state, names in offered.items():
        job = job_make(state)
        for address, read in ((f"{BOARD}{job.pk}/", str), (f"{BOARD}{job.pk}/live/", json.loads)):
            found = read(manager.get(address).content.decode())
            html = found if isinstance(found, str) else found["parts"]["actions"]
            assert re.findall(r'class="button[^"]*" href="[^"]*">([^<]*)<', html) == names
        assert "/cancel/" not in analyst.get(f"{BOARD}{job.pk}/").content.decode()
        assert analyst.get(f"{BOARD}{job.pk}/live/").json()["parts"]["actions"].strip() == ""


def test_the_page_costs_the_same_however_much_it_shows(analyst: Client, django_assert_num_queries):
    data = Dataset.objects.create(name="holiday")
    source = job_make("succeeded")
    job = job_make(dataset=data, cloned_from=source)
    for n in range(3):
        artifact_make(job, f"file-{n}")
        curve_make(job, f"curve-{n}", range(4))
        job_make(cloned_from=job)
    # 1 session, 2 person, 3 role, 4 job, 5 curves, 6 clock, 7 its place, 8 files, 9 photos,
    # 10 clones, 11 and 12 whether a worker takes its queue, 13 label sets of drawn images
    with django_assert_num_queries(13):
        assert analyst.get(f"{BOARD}{job.pk}/").status_code == 200
    # 1 session, 2 person, 3 role, 4 job, 5 clock, 6 its place, 7 files, 8 curves,
    # 9 and 10 whether a worker takes its queue, 11 label sets of drawn images
    with django_assert_num_queries(11):
        assert analyst.get(f"{BOARD}{job.pk}/live/").status_code == 200


def test_a_file_is_for_saving(analyst: Client):
    job = job_make("succeeded")
    page = artifact_make(job, "page.html", b"<script>alert(1)</script>")
    JobArtifact.objects.update(content_type="text/html")
    response = analyst.get(f"{BOARD}{job.pk}/artifacts/{page.pk}/")
    assert response["Content-Disposition"] == 'attachment; filename="page.html"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response.getvalue() == b"<script>alert(1)</script>"
    odd = artifact_make(job, 'a"\r\nSet-Cookie: x=1;.bin')
    response = analyst.get(f"{BOARD}{job.pk}/artifacts/{odd.pk}/")
    response.getvalue()
    header = response["Content-Disposition"]
    assert "\r" not in header
    assert "\n" not in header


def test_a_file_of_another_job_is_not_found(analyst: Client):
    file = artifact_make(job_make())
    other = job_make()
    assert analyst.get(f"{BOARD}{other.pk}/artifacts/{file.pk}/").status_code == 404


def test_a_file_that_is_gone_is_told(analyst: Client):
    job = job_make("succeeded")
    file = artifact_make(job)
    assert f"weights.bin 3 bytes {'ab' * 32}" in text(analyst.get(f"{BOARD}{job.pk}/"))
    default_storage.delete(file.file)
    response = analyst.get(f"{BOARD}{job.pk}/artifacts/{file.pk}/")
    assert response.status_code == 404
    assert f"weights.bin of job {job.pk} is no longer in the storage" in text(response)


def test_nothing_needs_more_than_the_strict_policy(admin: Client):
    job = job_make("running", total=3)
    curve_make(job, "loss", range(3))
    response = admin.get(f"{BOARD}{job.pk}/")
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?://", response.content.decode())
