"""Cancel, resume, delete: who may, what they ask, what they do."""

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from models_app.clock import db_now
from models_app.models import Job, JobArtifact, JobMetric
from survey.models import AuditEntry
from tests.jobs_rows import curve_make, job_make

BOARD = "/dashboard/models/jobs/"
ACTIONS = {"cancel": "queued", "resume": "failed", "delete": "failed"}
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("action", ACTIONS)
def test_only_admins_act(
    client: Client, outsider: Client, analyst: Client, manager: Client, action: str
):
    job = job_make(ACTIONS[action])
    address = f"{BOARD}{job.pk}/{action}/"
    assert client.post(address)["Location"] == "/login/"
    for somebody in (outsider, analyst):
        assert somebody.get(address).status_code == 403
        assert somebody.post(address).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = manager.cookies
    assert strict.post(address).status_code == 403
    assert Job.objects.get().state == ACTIONS[action]
    assert not AuditEntry.objects.filter(target_kind="job").exists()
    assert manager.post(address).status_code == 302
    entry = AuditEntry.objects.get(target_kind="job")
    assert (entry.action, entry.actor_name, entry.target_id) == (
        f"job.{action}",
        "mia",
        str(job.pk),
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_looking_at_the_question_changes_nothing(manager: Client, action: str):
    job = job_make(ACTIONS[action], label="<b>A</b> job")
    response = manager.get(f"{BOARD}{job.pk}/{action}/")
    page = response.content.decode()
    assert '<form method="post">' in page
    assert "&lt;b&gt;A&lt;/b&gt; job" in page
    assert Job.objects.get().state == ACTIONS[action]
    assert manager.put(f"{BOARD}{job.pk}/{action}/").status_code == 405


def test_a_queued_job_is_cancelled_at_once_a_running_one_is_asked(manager: Client):
    queued, running = job_make(), job_make("running")
    assert b"leaves the queue at once" in manager.get(f"{BOARD}{queued.pk}/cancel/").content
    assert b"stops at its next pause" in manager.get(f"{BOARD}{running.pk}/cancel/").content
    for job in (queued, running):
        answer = manager.post(f"{BOARD}{job.pk}/cancel/")
        assert answer["Location"] == f"{BOARD}{job.pk}/"
        assert b"was asked to stop." in manager.get(answer["Location"]).content
    queued.refresh_from_db(), running.refresh_from_db()
    assert (queued.state, running.state) == ("cancelled", "running")
    assert running.cancel_requested_at is not None
    again = manager.post(f"{BOARD}{running.pk}/cancel/")
    assert again.status_code == 409
    assert b"somebody has asked it to stop already" in again.content


def test_a_cancelled_job_is_resumed(manager: Client):
    job = job_make("cancelled", cancel_requested_at=db_now())
    manager.post(f"{BOARD}{job.pk}/resume/")
    job.refresh_from_db()
    assert (job.state, job.attempt, job.cancel_requested_at) == ("queued", 2, None)
    again = manager.post(f"{BOARD}{job.pk}/resume/")
    assert again.status_code == 409
    assert b"is queued; only cancelled and failed jobs can be resumed." in again.content


def test_deleting_says_what_goes_and_takes_all_of_it(manager: Client):
    job = job_make("succeeded")
    clone = job_make(cloned_from=job)
    curve_make(job, "loss", range(5))
    file = default_storage.save("jobs/test.bin", ContentFile(b"x" * 2048))
    JobArtifact.objects.create(
        job=job, name="w", file=file, content_type="a/b", bytes=2048, sha256="", created_at=db_now()
    )
    asked = manager.get(f"{BOARD}{job.pk}/delete/").content.decode()
    assert "1 file (2.0 KB) go for good" in " ".join(asked.split())
    answer = manager.post(f"{BOARD}{job.pk}/delete/", follow=True)
    assert answer.redirect_chain == [(BOARD, 302)]
    assert f"Job {job.pk} and its files were deleted." in answer.content.decode()
    assert list(Job.objects.all()) == [clone]
    assert not JobMetric.objects.exists()
    assert not default_storage.exists(file)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_work_that_goes_on_is_not_deleted(manager: Client, state: str):
    job = job_make(state)
    answer = manager.post(f"{BOARD}{job.pk}/delete/")
    assert answer.status_code == 409
    assert f"Job {job.pk} is {state}; cancel it first." in answer.content.decode()
    assert Job.objects.exists()


@pytest.mark.parametrize(
    ("action", "state", "said"),
    [
        ("cancel", "succeeded", "is over, or somebody has asked it to stop already."),
        ("resume", "succeeded", "is succeeded; only cancelled and failed jobs can be resumed."),
        ("delete", "running", "is running; cancel it first."),
    ],
)
def test_a_question_that_came_too_late_is_not_asked(
    manager: Client, action: str, state: str, said: str
):
    job = job_make(state)
    answer = manager.get(f"{BOARD}{job.pk}/{action}/", follow=True)
    assert answer.redirect_chain == [(f"{BOARD}{job.pk}/", 302)]
    assert f"Job {job.pk} {said}" in answer.content.decode()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_job_that_is_gone_leads_to_the_board(manager: Client, action: str):
    for ask in (manager.get, manager.post):
        answer = ask(f"{BOARD}99999/{action}/", follow=True)
        assert answer.redirect_chain == [(BOARD, 302)]
        assert "There is no job 99999; it may have been deleted." in answer.content.decode()


def test_an_import_without_its_file_is_imported_again_not_resumed(manager: Client):
    token = "ab" * 16
    job = job_make("failed", kind="import_checkpoint", config={"upload": token}, error="Bad file.")
    page = manager.get(f"{BOARD}{job.pk}/").content.decode()
    assert "The file was not kept: import it again." in page
    assert 'href="/dashboard/models/checkpoints/import/"' in page
    assert "/resume/" not in page
    assert manager.post(f"{BOARD}{job.pk}/resume/").status_code == 409
    assert Job.objects.get().state == "failed"


def test_a_superuser_is_an_admin_too(admin: Client):
    job = job_make()
    admin.post(f"{BOARD}{job.pk}/cancel/")
    assert Job.objects.get().state == "cancelled"
    assert AuditEntry.objects.get(action="job.cancel").actor == User.objects.get(username="ada")
