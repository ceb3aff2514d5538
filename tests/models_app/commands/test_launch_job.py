"""manage.py launch_job, list_jobs, cancel_job"""

import io
import json
import os
import subprocess
import sys

import jsonschema
import pytest
from django.core.management import CommandError, call_command

from models_app.management.commands import launch_job
from models_app.models import Job
from models_app.services.datasets import photos_import
from models_app.services.publish import survey_make
from tests.jobs import work_all
from tests.jobs_rows import job_make, worker_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(real_photos) -> None:
    photos_import("d", {path: path.name for path in real_photos[:1]}, credits={})
    survey_make("study", title="Study", dataset="d", settings={"trials": 4})
    Job.objects.all().delete()


def run(name: str, *arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_it_launches_what_a_file_says_and_prints_the_number(study: None, tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"survey": "study", "parts": 2}')
    out, err = run("launch_job", "render_survey", f"--config={path}", "--set", "part=2")
    job = Job.objects.get()
    # Standard output is for scripts.
    waits = "No worker is running for the queue CPU: 1 job waits.\n"
    assert (out, err) == (f"{job.pk}\n", waits)
    assert job.config == {"survey": "study", "part": 2, "parts": 2}
    assert job.created_by is None


def test_it_reads_standard_input(study: None, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO('{"survey": "study"}'))
    run("launch_job", "render_survey", "--config=-")
    assert Job.objects.get().config["survey"] == "study"


def test_it_prints_the_schema():
    out, _err = run("launch_job", "render_survey", "--schema")
    jsonschema.Draft202012Validator.check_schema(json.loads(out))
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "'nothing' is no kind of job; allowed are: render_survey"),
        (["render_survey"], "survey is missing: Short name of the survey"),
        (["render_survey", "--set", "survey"], "--set 'survey' has no =; write NAME=VALUE"),
        (["render_survey", "--set", "survye=x"], "Did you mean survey?"),
        (["render_survey", "--set", "survey=other"], "allowed are: study."),
        (["render_survey", "--set", "survey=study", "--set", "part=x"], "must be a whole number"),
        (["render_survey", "--set", "survey=study", "--queue", "gpu"], "allowed are: cpu."),
        (
            ["render_survey", "--config", "nowhere.json"],
            "nowhere.json cannot be read (No such file",
        ),
    ],
)
def test_what_cannot_be_launched_is_one_sentence(study: None, arguments: list[str], said: str):
    with pytest.raises(CommandError) as caught:
        run("launch_job", *arguments)
    assert said in str(caught.value)
    assert caught.value.returncode == 2
    assert not Job.objects.exists()


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b"NaN"])
def test_a_file_that_is_no_json_is_one_sentence(study: None, tmp_path, content: bytes):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(CommandError) as caught:
        run("launch_job", "render_survey", f"--config={path}")
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)


def ends_as(monkeypatch, state: str, **values: object) -> None:
    """Let the job end while the command pauses."""

    def pause(_seconds: float) -> None:
        Job.objects.update(state=state, **values)

    monkeypatch.setattr(launch_job.time, "sleep", pause)
    monkeypatch.setattr(launch_job.follow, "__defaults__", (pause,))


def test_waiting_follows_a_job_to_its_end(study: None, monkeypatch):
    monkeypatch.setattr(launch_job.follow, "__defaults__", (lambda _seconds: work_all(),))
    worker_make()
    Job.objects.all().delete()
    from models_app.models import Rendition

    Rendition.objects.exclude(distortion="original").delete()
    out, err = run("launch_job", "render_survey", "--set", "survey=study", "--wait")
    job = Job.objects.get()
    assert job.state == "succeeded"
    assert (out, err) == (f"{job.pk}\n", f"job {job.pk} succeeded\n")


@pytest.mark.parametrize(
    ("state", "said"), [("failed", "failed: The disk is full."), ("cancelled", "cancelled")]
)
def test_waiting_for_what_fails_is_an_error(study: None, monkeypatch, state: str, said: str):
    ends_as(monkeypatch, state, error="The disk is full." if state == "failed" else "")
    with pytest.raises(CommandError) as caught:
        run("launch_job", "render_survey", "--set", "survey=study", "--wait")
    assert caught.value.returncode == 1
    assert str(caught.value) == f"job {Job.objects.get().pk} {said}"


def test_a_job_that_is_deleted_meanwhile_is_told(study: None, monkeypatch):
    pause = lambda _seconds: Job.objects.all().delete()  # noqa: E731 - it is what happens meanwhile
    monkeypatch.setattr(launch_job.follow, "__defaults__", (pause,))
    with pytest.raises(CommandError, match="was deleted meanwhile"):
        run("launch_job", "render_survey", "--set", "survey=study", "--wait")


def test_leaving_does_not_stop_the_job(study: None, monkeypatch):
    def pause(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(launch_job.follow, "__defaults__", (pause,))
    err = io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command(
            "launch_job", "render_survey", "--set", "survey=study", "--wait",
            stdout=io.StringIO(), stderr=err,
        )  # fmt: skip
    job = Job.objects.get()
    assert left.value.code == 130
    assert (
        f"job {job.pk} goes on without you; manage.py cancel_job {job.pk} stops it"
        in err.getvalue()
    )
    assert (job.state, job.cancel_requested_at) == ("queued", None)


def test_the_exit_status_is_told_to_the_shell():
    done = subprocess.run(
        [sys.executable, "manage.py", "launch_job", "nothing"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("CommandError: 'nothing' is no kind of job")


def test_a_list_the_newest_first():
    job_make("running", label="One\x1b[31m", done=3, total=8)
    job_make("queued", label="Two", kind="contact_sheet")
    out, err = run("list_jobs")
    lines = out.splitlines()
    assert "Two (CPU, number 1 in line, waits for under 1 min)" in lines[0]
    assert "running" in lines[1]
    assert "3 of 8" in lines[1]
    # Names must not steer a terminal.
    assert "\x1b" not in out
    assert err == ""
    assert run("list_jobs", "--state=failed") == ("", "no such job\n")
    assert len(run("list_jobs", "--kind=contact_sheet")[0].splitlines()) == 1
    assert len(run("list_jobs", "--limit=1")[0].splitlines()) == 1


def test_a_list_as_json_goes_through_all_pages(monkeypatch, django_assert_num_queries):
    from models_app.management.commands import list_jobs

    monkeypatch.setattr(list_jobs, "CHUNK", 4)
    for _n in range(10):
        job_make(label='A "name"\n=1+1')
    # 3 pages of a query, a look at the clock and one at the queue
    with django_assert_num_queries(9):
        out, _err = run("list_jobs", "--json", "--limit=0")
    found = [json.loads(line) for line in out.splitlines()]
    assert [each["id"] for each in found] == sorted((each["id"] for each in found), reverse=True)
    assert len(found) == 10
    assert [each["position"] for each in found] == list(range(10, 0, -1))
    assert found[0]["label"] == 'A "name"\n=1+1'


def test_a_reader_that_has_seen_enough_is_no_error():
    job_make()
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        call_command("list_jobs", stdout=out)


def test_a_negative_limit_is_refused():
    with pytest.raises(CommandError, match="--limit is -1; allowed are whole numbers from 0"):
        run("list_jobs", "--limit=-1")


def test_cancelling():
    queued, running, over = job_make(), job_make("running"), job_make("failed")
    out, _err = run("cancel_job", *(str(job.pk) for job in (queued, running, over)))
    assert set(out.splitlines()) == {
        f"job {queued.pk} cancelled",
        f"job {running.pk} was asked to stop",
        f"job {over.pk} is over already (failed)",
    }
    out, _err = run("cancel_job", str(running.pk))
    assert out == f"job {running.pk} has been asked to stop already\n"


def test_one_number_that_is_not_there_cancels_nothing():
    job = job_make()
    with pytest.raises(
        CommandError, match="There is no job 99999; nothing was cancelled"
    ) as caught:
        run("cancel_job", str(job.pk), "99999")
    assert caught.value.returncode == 2
    job.refresh_from_db()
    assert job.state == "queued"
