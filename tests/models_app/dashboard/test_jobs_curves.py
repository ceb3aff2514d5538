"""The curves of a job: thinned out, followed, downloaded."""

import csv
import io

import pytest
from django.test import Client

from models_app.models import Job, JobMetric, JobSeries
from models_app.selectors import curves as curve_selectors
from tests.jobs_rows import curve_make, job_make

BOARD = "/dashboard/models/jobs/"
pytestmark = pytest.mark.django_db


def curves(client: Client, job: Job, known: str = "") -> list[dict]:
    response = client.get(f"{BOARD}{job.pk}/curves/", {"known": known} if known else {})
    assert response.status_code == 200
    return response.json()["curves"]


def test_a_short_curve_is_shown_whole(analyst: Client):
    job = job_make("running")
    series = curve_make(job, "loss", range(1, 1001), lambda n: 1 / n)
    (curve,) = curves(analyst, job)
    assert curve == {
        "series": series.pk, "name": "loss", "every": 1, "more": False, "last": [1000, 0.001],
        "points": [[n, 1 / n] for n in range(1, 1001)],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "every"),
    [
        (range(0, 1001), 2),
        (range(5000), 8),
        # Steps of which no two are even, or far from 0, are thinned out no worse.
        (range(99, 400_000, 100), 512),
        (range(1_000_001, 1_005_001), 8),
        (range(0, 5_000_000, 1000), 8192),
    ],
)
def test_a_long_curve_is_thinned_out_evenly(analyst: Client, steps: range, every: int):
    job = job_make("running")
    curve_make(job, "loss", steps)
    (curve,) = curves(analyst, job)
    shown = [step for step, _value in curve["points"]]
    assert curve["every"] == every
    assert 450 < len(shown) <= curve_selectors.MOST
    # Against a plain second way: the first point of each stretch of `every` steps.
    first: dict[int, int] = {}
    for step in steps:
        first.setdefault(step // every, step)
    assert shown == list(first.values())
    assert all(value == step for step, value in curve["points"])
    assert curve["last"] == [steps[-1], float(steps[-1])]


def test_only_what_came_since_is_sent(analyst: Client):
    job = job_make("running")
    series = curve_make(job, "loss", range(1500))
    other = curve_make(job, "other", range(5))
    (first, _other) = curves(analyst, job)
    known = f"{series.pk}:1499:2,{other.pk}:4:1"
    assert curves(analyst, job, known) == []
    JobMetric.objects.bulk_create(
        JobMetric(series=series, step=n, value=n) for n in range(1500, 1507)
    )
    JobSeries.objects.filter(pk=series.pk).update(last_step=1506)
    (more,) = curves(analyst, job, known)
    assert (more["more"], more["last"]) == (True, [1506, 1506.0])
    assert [step for step, _value in more["points"]] == [1500, 1502, 1504, 1506]
    (whole,) = (curve for curve in curves(analyst, job) if curve["name"] == "loss")
    assert whole["points"] == first["points"] + more["points"]
    # Thinned out otherwise by now: all of it again.
    (again,) = curves(analyst, job, f"{series.pk}:700:1,{other.pk}:4:1")
    assert (again["more"], again["points"]) == (False, whole["points"])


def test_a_curve_that_was_cut_is_sent_again(analyst: Client):
    job = job_make("running")
    series = curve_make(job, "loss", range(50))
    (curve,) = curves(analyst, job, f"{series.pk}:80:1")
    assert (curve["more"], len(curve["points"])) == (False, 50)


def test_values_that_are_no_number_leave_a_gap(analyst: Client):
    job = job_make("running")
    series = curve_make(job, "loss", range(3))
    JobMetric.objects.filter(series=series, step__gt=0).update(value=None)
    (curve,) = curves(analyst, job)
    assert curve["points"] == [[0, 0.0], [1, None], [2, None]]
    assert curve["last"] == [2, None]


@pytest.mark.parametrize("known", ["x", "1:2", "a:b:c", "1:2:3:4", ",,,", "1:--2:1", "\0:1:1"])
def test_what_is_known_may_be_nonsense(analyst: Client, known: str):
    job = job_make("running")
    curve_make(job, "loss", range(3))
    assert len(curves(analyst, job, known)) == 1


def test_all_points_download_as_csv(analyst: Client):
    job = job_make("running")
    curve_make(job, "=cmd()", range(3))
    curve_make(job, "loss", range(1200), lambda n: -n / 3)
    response = analyst.get(f"{BOARD}{job.pk}/metrics.csv")
    assert response["Content-Disposition"] == f'attachment; filename="job-{job.pk}-metrics.csv"'
    rows = list(csv.reader(io.StringIO(response.getvalue().decode())))
    assert rows[0] == ["curve", "step", "value"]
    # A spreadsheet must not take a name for a formula.
    assert rows[1] == ["'=cmd()", "0", "0.0"]
    assert rows[4:] == [["loss", str(n), str(-n / 3)] for n in range(1200)]


def test_a_page_of_many_curves_shows_fewer_points_of_each(analyst: Client, monkeypatch):
    monkeypatch.setattr(curve_selectors, "MOST_TOGETHER", 450)
    job = job_make("running")
    for n in range(3):
        curve_make(job, f"curve-{n}", range(600))
    assert [len(curve["points"]) for curve in curves(analyst, job)] == [150, 150, 150]


def test_curves_without_news_cost_one_query_together(analyst: Client, django_assert_num_queries):
    job = job_make("running")
    series = [curve_make(job, f"curve-{n}", range(1500)) for n in range(3)]
    # 1 session, 2 person, 3 role, 4 job, 5 curves
    with django_assert_num_queries(5):
        assert curves(analyst, job, ",".join(f"{each.pk}:1499:2" for each in series)) == []
    # The same, and 4 a curve: whether it is long, its first point, its last, those between.
    with django_assert_num_queries(5 + 3 * 4):
        assert len(curves(analyst, job)) == 3
