"""The page of workers."""

import re

import pytest
from django.test import Client

from tests.jobs_rows import job_make, worker_make

PAGE = "/dashboard/models/workers/"
pytestmark = pytest.mark.django_db


def text(response) -> str:
    html = response.content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", html[html.index("<main") :]).split())


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}live/"])
def test_only_people_with_a_role_look(
    client: Client, outsider: Client, analyst: Client, address: str
):
    assert client.get(address)["Location"] == f"/login/?next={address}"
    assert outsider.get(address).status_code == 403
    assert analyst.get(address).status_code == 200
    assert analyst.post(address).status_code == 405


def test_without_one_it_says_how_to_start_one(analyst: Client):
    said = text(analyst.get(PAGE))
    assert "No worker is running." in said
    assert ".venv/bin/celery --app config worker --queues cpu" in said


def test_the_living_and_the_silent(analyst: Client):
    worker_make("desk/10", queues="cpu,gpu")
    worker_make("den/7", silent_s=61)
    job_make("running", label="Busy", worker="desk/10/11")
    job_make("running", label="Elsewhere", worker="desk/101/11")
    said = text(analyst.get(PAGE))
    assert "desk desk/10, python 3.11.2 cpu, gpu 2 jobs at a time A processor x 8" in said
    assert "3.0 GB of 16.0 GB Busy under 1 min ago" in said
    assert "Elsewhere" not in said
    assert "Fell silent den/7 cpu, last heard 1 min ago" in said


def test_a_queue_without_a_worker_is_told(analyst: Client):
    worker_make()
    job_make(queue="gpu")
    assert "No worker is running for the queue GPU: 1 job waits." in text(analyst.get(PAGE))


def test_obstacles_to_a_remote_worker_are_told_in_words(analyst: Client, settings):
    settings.CELERY_BROKER_URL = "filesystem://"
    said = text(analyst.get(PAGE))
    assert "The broker serves one machine only (filesystem)" in said
    assert "PROOFSHEET_REMOTE" not in said


def test_the_command_is_shown_where_nothing_is_in_the_way(analyst: Client, settings):
    settings.WORKER_JOINING = {
        "obstacles": "builtins.list",
        "command": "builtins.str",
    }
    said = text(analyst.get(PAGE))
    assert "For the queue CPU cpu For the queue GPU gpu" in said


def test_it_follows_what_changes(analyst: Client):
    worker_make()
    first = analyst.get(f"{PAGE}live/")
    assert "desk" in first.json()["parts"]["workers"]
    again = analyst.get(f"{PAGE}live/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_it_costs_the_same_for_any_number_of_workers(analyst: Client, django_assert_num_queries):
    for n in range(3):
        worker_make(f"desk/{n}")
        job_make("running", worker=f"desk/{n}/1")
    # 1 session, 2 person, 3 role, 4 clock, 5 clock, 6 workers, 7 what they do, 8 queues
    with django_assert_num_queries(8):
        assert analyst.get(PAGE).status_code == 200
