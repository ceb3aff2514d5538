"""The audit trail's page and download."""

import csv
import io
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from survey.audit import PAGE
from survey.models import AuditEntry
from survey.services.audit import audit_record
from tests.people import account_make
from tests.survey.dashboard.test_pages import text_of

TRAIL = "/dashboard/people/audit/"
CSV = "/dashboard/people/audit.csv"


def fill(count: int, actor: User | None = None, action: str = "job.launch") -> None:
    for number in range(count):
        audit_record(
            actor=actor, action=action, target="job", target_id=number, label=f"job {number}"
        )


def labels(client: Client, query: str = "") -> list[str]:
    page = client.get(f"{TRAIL}?{query}").content.decode()
    return re.findall(r">(job \d+) <span", page)


def rows(client: Client, query: str = "") -> list[dict[str, str]]:
    text = client.get(f"{CSV}?{query}").getvalue().decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_an_empty_trail_says_what_will_be_here(manager: Client):
    assert "Nothing has been done yet." in text_of(manager.get(TRAIL).content.decode())
    assert rows(manager) == []


def test_surveys_of_one_title_are_told_apart(manager: Client):
    for slug, label in (("first", "Holiday"), ("second", "Holiday"), ("third", "third")):
        audit_record(actor=None, action="survey.open", target="survey", target_id=slug, label=label)
    page = text_of(manager.get(TRAIL).content.decode())
    assert "Holiday first survey" in page
    assert "Holiday second survey" in page
    assert "third survey" in page
    assert "third third" not in page


def test_the_newest_is_first_and_nothing_is_shown_twice(manager: Client):
    fill(2 * PAGE + 5)
    seen, query = [], ""
    for length in (PAGE, PAGE, 5):
        found = labels(manager, query)
        assert len(found) == length
        seen += found
        page = manager.get(f"{TRAIL}?{query}").content.decode()
        older = re.search(r'rel="next" href="[^?]*\?([^"]*)"', page)
        query = older.group(1) if older else ""
        # What is added meanwhile moves nothing on the pages below.
        fill(1)
    assert query == ""
    assert seen == [f"job {number}" for number in reversed(range(2 * PAGE + 5))]


def test_a_full_last_page_offers_no_empty_one(manager: Client):
    fill(PAGE)
    assert 'rel="next"' not in manager.get(TRAIL).content.decode()


def test_it_is_filtered_by_action_and_person(manager: Client):
    mia, ana = User.objects.get(username="mia"), account_make("ana", "analyst")
    fill(2, mia)
    fill(3, mia, "job.cancel")
    fill(4, ana, "job.cancel")
    fill(1)
    assert len(labels(manager)) == 10
    assert len(labels(manager, "action=job.cancel")) == 7
    assert len(labels(manager, "action=job.cancel&actor=mia")) == 3
    assert len(labels(manager, "actor=:command-line")) == 1
    assert len(rows(manager, "action=job.cancel&actor=mia")) == 3
    page = manager.get(f"{TRAIL}?action=job.cancel&actor=mia").content.decode()
    assert f'href="{CSV}?action=job.cancel&amp;actor=mia"' in page
    assert "<option selected>job.cancel</option>" in page


def test_filters_and_pages_go_together(manager: Client):
    mia = User.objects.get(username="mia")
    fill(PAGE + 1, mia)
    fill(PAGE, None, "job.cancel")
    page = manager.get(f"{TRAIL}?actor=mia").content.decode()
    (older,) = re.findall(r'rel="next" href="[^?]*\?([^"]*)"', page)
    assert "actor=mia&amp;before=" in older
    assert labels(manager, older.replace("&amp;", "&")) == ["job 0"]


@pytest.mark.parametrize("query", ["action=nothing", "actor=nobody", "before={first}"])
def test_a_filter_without_a_hit_says_so(manager: Client, query: str):
    fill(1)
    query = query.format(first=AuditEntry.objects.get().pk)
    page = text_of(manager.get(f"{TRAIL}?{query}").content.decode())
    assert "No entry is like that." in page


@pytest.mark.parametrize("before", ["x", "-1", "1.5", "²", str(2**63), "9" * 5000, "1;drop"])
def test_a_place_that_is_no_number_is_not_found(manager: Client, before: str):
    assert manager.get(TRAIL, {"before": before}).status_code == 404


@pytest.mark.parametrize("name", ["action", "actor"])
def test_a_text_that_no_database_takes_is_not_found(manager: Client, name: str):
    assert manager.get(TRAIL, {name: "a\0b"}).status_code == 404
    assert manager.get(CSV, {name: "a\0b"}).status_code == 404


def test_labels_and_details_are_text(manager: Client):
    audit_record(
        actor=None, action="job.launch", label="<script>alert(1)</script>",
        detail={"<i>": "<img src=x>"},
    )  # fmt: skip
    page = manager.get(TRAIL).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "&lt;i&gt;: &lt;img src=x&gt;" in page


def test_details_are_said_in_words(manager: Client):
    detail = {
        "which": {"split": "val", "score": {"b": 1, "a": [2]}}, "photos": 3, "names": ["x", "y"],
        "random": True, "why": None, "left": {},
    }  # fmt: skip
    audit_record(actor=None, action="photo.exclude", detail=detail)
    assert (
        "left: none; names: x, y; photos: 3; random: yes; "
        'which: score: {"a": [2], "b": 1}, split: val; why: none'
    ) in text_of(manager.get(TRAIL).content.decode()).replace("&quot;", '"')


def test_the_download_has_every_entry_and_runs_in_no_spreadsheet(manager: Client):
    mia = User.objects.get(username="mia")
    audit_record(actor=mia, action="job.launch", target="job", target_id=3, label="=1+1",
                 detail={"seed": 7, "why": "Ä"})  # fmt: skip
    fill(PAGE + 10)
    found = rows(manager)
    assert len(found) == PAGE + 11
    last = found[-1]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", last.pop("at"))
    assert last == {
        "actor_name": "mia", "action": "job.launch", "target_kind": "job", "target_id": "3",
        "target_label": "'=1+1", "detail": '{"seed": 7, "why": "Ä"}',
    }  # fmt: skip
    response = manager.get(CSV)
    assert response["Content-Disposition"] == 'attachment; filename="audit.csv"'


def test_the_page_costs_the_same_for_any_number_of_entries(
    manager: Client, django_assert_num_queries
):
    fill(120, User.objects.get(username="mia"))
    # 1 session, 2 person, 3 role, 4 entries, 5 actions, 6 people
    with django_assert_num_queries(6):
        assert manager.get(TRAIL).status_code == 200


@pytest.mark.parametrize("path", [TRAIL, CSV])
def test_it_is_only_read(manager: Client, path: str):
    assert manager.post(path).status_code == 405
