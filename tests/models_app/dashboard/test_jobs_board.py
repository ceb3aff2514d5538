"""The board of jobs: who sees it, filters, order, pages, what it asks for while it is open."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from models_app.clock import db_now
from models_app.models import Dataset, Job
from tests.jobs_rows import job_make, worker_make

BOARD = "/dashboard/models/jobs/"
pytestmark = pytest.mark.django_db


def labels(response) -> list[str]:
    return re.findall(r'<a class="row" href="[^"]*">([^<]*)</a>', response.content.decode())


def text(response) -> str:
    html = response.content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", html[html.index("<main") :]).split())


@pytest.mark.parametrize("address", [BOARD, f"{BOARD}live/"])
def test_only_people_with_a_role_look(
    client: Client, outsider: Client, analyst: Client, manager: Client, address: str
):
    assert client.get(address)["Location"] == f"/login/?next={address}"
    assert outsider.get(address).status_code == 403
    for somebody in (analyst, manager):
        assert somebody.get(address).status_code == 200
        assert somebody.post(address).status_code == 405


def test_an_empty_board_says_what_a_job_is(admin: Client, analyst: Client):
    said = text(admin.get(BOARD))
    assert "There is no job yet." in said
    assert "Launch a job" in said
    assert "No worker is running; jobs wait until one starts." in said
    assert "Launch a job" not in text(analyst.get(BOARD))


def test_a_row_says_where_a_job_stands(analyst: Client):
    ada = User.objects.create_user("ada")
    data = Dataset.objects.create(name="holiday")
    job_make("running", label="Render a", done=12, total=85, rate=3.2, dataset=data, created_by=ada)
    job_make("queued", label="Render b", queue="gpu", total=4)
    job_make("queued", label="Render c", queue="gpu", total=4, priority=5)
    job_make("failed", label="Render d", error="No.")
    said = text(analyst.get(BOARD))
    for line in (
        r"Render a #\d+ Render a survey, holiday running 12 of 85 3\.2/s, 23 s left CPU "
        r"runs for under 1 min ada",
        r"Render b #\d+ Render a survey queued 0 of 4 GPU, number 2 in line waits for under "
        r"1 min –",
        r"Render d #\d+ Render a survey failed CPU under 1 min ago",
    ):
        assert re.search(line, said)
    assert "GPU, number 1 in line" in said
    assert "queued 2 running 1 succeeded 0 failed 1 cancelled 0" in said


def test_the_work_of_pages_is_shown_on_request(analyst: Client):
    job_make(label="Sheet", kind="contact_sheet", config={"photo": 1})
    job_make(label="Render")
    assert labels(analyst.get(BOARD)) == ["Render"]
    assert labels(analyst.get(f"{BOARD}?small=1")) == ["Render", "Sheet"]
    assert labels(analyst.get(f"{BOARD}?kind=contact_sheet")) == ["Sheet"]


def test_imports_are_no_small_work(analyst: Client):
    job_make("failed", label="Import", kind="import_checkpoint", config={})
    response = analyst.get(BOARD)
    assert labels(response) == ["Import"]
    assert "failed 1" in text(response)


def test_counts_keep_the_other_filters_and_follow(analyst: Client):
    job = job_make("queued", label="one")
    page = analyst.get(f"{BOARD}?queue=cpu&state=queued&rows=200").content.decode()
    assert 'href="?state=failed&amp;queue=cpu&amp;rows=200"' in page
    first = live(analyst, ids=job.pk)
    assert first.json()["counts"] == {
        "queued": 1, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0
    }  # fmt: skip
    assert live(analyst, first["ETag"], ids=job.pk).status_code == 304
    job_make("failed")
    assert live(analyst, first["ETag"], ids=job.pk).json()["counts"]["failed"] == 1


@pytest.fixture
def mixed() -> dict[str, int]:
    ada = User.objects.create_user("eve")
    data = Dataset.objects.create(name="holiday")
    job_make("running", label="one", dataset=data)
    job_make("queued", label="two", queue="gpu", created_by=ada)
    job_make("failed", label="100% three", kind="gone_kind")
    return {"dataset": data.pk, "by": ada.pk}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=running", ["one"]),
        ("queue=gpu", ["two"]),
        ("dataset={dataset}", ["one"]),
        ("by={by}", ["two"]),
        ("text=TWO", ["two"]),
        ("text=100%25", ["100% three"]),
        ("text=_", []),
        ("state=queued&queue=cpu", []),
        # What names nothing filters nothing.
        ("state=nonsense&kind=;drop&queue=%00&dataset=x&by=-1", ["100% three", "two", "one"]),
        ("sort=password&rows=99999&text=%00", ["100% three", "two", "one"]),
        ("dataset=99999999999999999999999", ["100% three", "two", "one"]),
    ],
)
def test_filters(analyst: Client, mixed: dict[str, int], query: str, found: list[str]):
    response = analyst.get(f"{BOARD}?{query.format(**mixed)}")
    assert labels(response) == found
    if not found:
        assert "No job fits this filter." in text(response)


def test_a_job_is_found_by_its_number(analyst: Client, mixed: dict[str, int]):
    job = Job.objects.get(label="two")
    assert labels(analyst.get(f"{BOARD}?text=%23{job.pk}")) == ["two"]


def test_orders(analyst: Client):
    now = db_now()
    job_make("running", label="late", started_at=now, done=9, total=10)
    job_make("running", label="early", started_at=now - timedelta(hours=1), done=1, total=10)
    job_make("queued", label="waiting")
    job_make("succeeded", label="over", done=1, total=1)
    assert labels(analyst.get(BOARD)) == ["over", "waiting", "early", "late"]
    assert labels(analyst.get(f"{BOARD}?sort=longest")) == ["early", "late", "waiting", "over"]
    assert labels(analyst.get(f"{BOARD}?sort=progress")) == ["late", "early", "waiting", "over"]


@pytest.mark.parametrize("sort", ["newest", "longest", "progress"])
def test_pages_show_every_job_once_in_order(analyst: Client, sort: str):
    now = db_now()
    for n in range(120):
        state = ("running", "queued", "succeeded")[n % 3]
        # Ties of every kind: equal times, equal shares.
        job_make(
            state, label=f"n{n}", started_at=now - timedelta(minutes=n % 5), done=n % 4, total=7
        )
    seen, address = [], f"{BOARD}?sort={sort}"
    for _page in range(10):
        response = analyst.get(address)
        seen += labels(response)
        more = re.search(r'href="\?([^"]*)" rel="next"', response.content.decode())
        if more is None:
            break
        address = f"{BOARD}?{more[1].replace('&amp;', '&')}"
    all_at_once = labels(analyst.get(f"{BOARD}?sort={sort}&rows=200"))
    assert len(seen) == 120
    assert seen == all_at_once
    assert len(set(seen)) == 120


@pytest.mark.parametrize(
    "after", ["", "x", "[]", "{}", '["a"]', "[1,2,3]", "[null]", "[1e999]", '"1"', "[[1]]", "1"]
)
@pytest.mark.parametrize("sort", ["newest", "longest", "progress"])
def test_a_place_that_was_made_up_is_the_first_page(analyst: Client, after: str, sort: str):
    job_make(label="one")
    response = analyst.get(BOARD, {"after": after, "sort": sort})
    assert response.status_code == 200
    assert labels(response) == ["one"] or after in {"[1,2,3]"}


def test_names_are_no_markup(analyst: Client):
    job_make("running", label="<script>alert(1)</script>", stage="<b>x", device='"><i>')
    worker_make(device="<u>card</u>")
    for response in (analyst.get(BOARD), analyst.get("/dashboard/models/workers/")):
        page = response.content.decode()
        assert "<script>alert" not in page
        assert "<u>" not in page
        assert "<b>x" not in page
    assert "&lt;u&gt;card" in page


def live(client: Client, tag: str = "", **query: object):
    headers = {"If-None-Match": tag} if tag else {}
    return client.get(f"{BOARD}live/", query, headers=headers)


def test_while_it_is_open_it_asks_for_what_changed(analyst: Client):
    job, other = job_make("running", total=10), job_make("queued")
    ids = f"{job.pk},{other.pk},99999,x,-4,²"
    first = live(analyst, ids=ids, newest=other.pk)
    body = first.json()
    assert body["newer"] == 0
    assert set(body["rows"]) == {str(job.pk), str(other.pk)}
    assert body["rows"][str(job.pk)]["progress"] == "0 of 10"
    assert body["rows"][str(other.pk)]["where"] == "CPU, number 1 in line"
    same = live(analyst, first["ETag"], ids=ids, newest=other.pk)
    assert (same.status_code, same.content) == (304, b"")

    Job.objects.filter(pk=job.pk).update(done=5, rate=1)
    job_make(), job_make(kind="contact_sheet")
    fresh = live(analyst, first["ETag"], ids=ids, newest=other.pk)
    assert fresh.status_code == 200
    assert fresh.json()["newer"] == 1
    row = fresh.json()["rows"][str(job.pk)]
    assert (row["percent"], row["pace"]) == (50.0, "1/s, 5.0 s left")
    assert "no-store" in fresh["Cache-Control"]


def test_a_place_in_the_queue_counts_those_that_are_not_shown(analyst: Client):
    last = job_make()
    job_make(queue="gpu")
    for priority in (0, 1):
        job_make(priority=priority, queued_at=last.queued_at - timedelta(seconds=1))
    row = live(analyst, ids=last.pk).json()["rows"][str(last.pk)]
    assert row["where"] == "CPU, number 3 in line"


def test_a_job_that_is_told_to_stop_says_so(analyst: Client):
    job = job_make("running", cancel_requested_at=db_now())
    assert live(analyst, ids=job.pk).json()["rows"][str(job.pk)]["state_label"] == "stopping"


def test_workers_are_named_with_what_they_do(analyst: Client):
    worker_make("desk/10", gpu_memory_used=1 << 30, gpu_memory_total=8 << 30)
    worker_make("den/7", silent_s=61)
    job = job_make("running", label="Busy", worker="desk/10/11")
    said = text(analyst.get(BOARD))
    assert "desk cpu A processor x 8 GPU 1.0 GB of 8.0 GB memory 3.0 GB of 16.0 GB Busy" in said
    assert "den" not in said.split("State any")[0]
    workers = live(analyst, ids=job.pk).json()["workers"]
    assert f'<a href="{BOARD}{job.pk}/">Busy</a>' in workers


def test_a_queue_without_a_worker_is_told(analyst: Client):
    worker_make()
    job_make(queue="gpu"), job_make(queue="gpu"), job_make()
    said = text(analyst.get(BOARD))
    assert "No worker is running for the queue GPU: 2 jobs wait. Start a worker" in said
    assert "queue CPU:" not in said


def test_the_board_costs_the_same_for_any_number_of_jobs(
    analyst: Client, django_assert_num_queries
):
    data = Dataset.objects.create(name="holiday")
    for n in range(3):
        job_make("queued", dataset=data)
        job_make("running", worker=f"desk/10/{n}", created_by=User.objects.create_user(f"p{n}"))
        worker_make(f"desk/{10 + n}")
    # 1 session, 2 person, 3 role, 4 jobs, 5 states, 6 clock, 7 places, 8 datasets, 9 people,
    # 10 clock, 11 workers, 12 what they do, 13 queues
    with django_assert_num_queries(13):
        assert analyst.get(BOARD).status_code == 200
    ids = ",".join(map(str, Job.objects.values_list("pk", flat=True)))
    # 1 session, 2 person, 3 role, 4 jobs, 5 newer, 6 clock, 7 places, 8 clock, 9 workers,
    # 10 what they do, 11 queues, 12 states
    with django_assert_num_queries(12):
        assert live(analyst, ids=ids, newest=1).status_code == 200


def test_nothing_needs_more_than_the_strict_policy(admin: Client):
    job_make("running", total=3)
    response = admin.get(BOARD)
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?://", response.content.decode())


def test_a_place_in_the_address_is_json(analyst: Client):
    for _n in range(51):
        job_make()
    page = analyst.get(BOARD).content.decode()
    after = re.search(r"after=([^\"&]*)", page)
    assert after is not None
    assert json.loads(after[1].replace("%5B", "[").replace("%5D", "]")) == [
        Job.objects.order_by("-pk")[49].pk
    ]
