"""GET /api/survey/...: what analysts read."""

import csv
import io
import json

import pytest
from django.test import Client

from survey.exports.formats import REGISTRY as FORMATS
from survey.models import Origin, Survey
from survey.services.surveys import survey_close
from tests.factories import survey_make
from tests.people import Annotator

STUDY = "/api/survey/study/"
READS = ("/api/survey/", f"{STUDY}results/", f"{STUDY}ledger/", f"{STUDY}conditions/",
         f"{STUDY}votes.csv", f"{STUDY}votes.jsonl", f"{STUDY}votes.parquet",
         f"{STUDY}codebook.csv")  # fmt: skip


def judged(survey: Survey, votes: int, origin: str = Origin.PERSON) -> None:
    person = Annotator(survey, origin=origin)
    for _vote in range(votes):
        person.vote(person.pair()["trials"][0]["token"])


def body(response) -> str:
    return b"".join(response.streaming_content).decode()


@pytest.mark.parametrize("address", READS)
def test_who_may_read_what(survey, analyst, manager, outsider, annotator, address: str):
    for client, status in (
        (analyst, 200),
        (manager, 200),
        (outsider, 403),
        (annotator.client, 401),
        (Client(), 401),
    ):
        response = client.get(address)
        assert response.status_code == status
        if status != 200:
            assert response.json().keys() == {"code", "detail"}
        # Nothing here can be changed, whoever asks.
        for method in ("post", "put", "patch", "delete", "options"):
            assert getattr(client, method)(address).status_code in {401, 403, 405}


@pytest.mark.parametrize("address", READS[1:])
def test_an_unknown_survey_is_404(survey, analyst: Client, address: str):
    response = analyst.get(address.replace("study", "nowhere"))
    assert response.status_code == 404
    assert response.json()["code"] == "not-found"


def test_the_list_is_filtered_ordered_and_paged(analyst: Client, django_assert_num_queries):
    for slug in ("one", "two", "three"):
        survey_make(slug, photos=1)
    survey_close(Survey.objects.get(slug="two"))
    judged(Survey.objects.get(slug="three"), 1)

    def slugs(query: str = "") -> list[str]:
        return [row["survey"] for row in analyst.get(f"/api/survey/{query}").json()["results"]]

    assert slugs() == ["three", "two", "one"]
    assert slugs("?ordering=created") == ["one", "two", "three"]
    assert slugs("?ordering=-votes")[0] == "three"
    assert slugs("?state=closed") == ["two"]
    page = analyst.get("/api/survey/?page_size=2&page=2").json()
    assert (page["count"], len(page["results"]), page["next"]) == (3, 1, None)
    assert page["previous"].startswith("http://testserver/api/survey/?")
    # 1 session, 2 person, 3 role, then the four of results.overview(), however many there are
    with django_assert_num_queries(7):
        analyst.get("/api/survey/")


@pytest.mark.parametrize(
    "query",
    ["ordering=settings", "ordering=participants__code", "state=stolen", "title__startswith=a",
     "page=0", "page=x", "page_size=201", "page_size=0", "state=open&state=nothing"],
)  # fmt: skip
def test_only_listed_parameters_are_taken(survey, analyst: Client, query: str):
    response = analyst.get(f"/api/survey/?{query}")
    assert response.status_code == 400
    name = query.rsplit("&", 1)[-1].split("=")[0]
    assert name in response.json()["fields"]
    assert name in response.json()["detail"]


def test_a_page_that_is_not_there_is_404(survey, analyst: Client):
    assert analyst.get("/api/survey/?page=99").status_code == 404
    assert analyst.get(f"/api/survey/?page={10**30}").status_code == 404


def test_conditions_are_what_the_survey_shows(survey, analyst: Client):
    answer = analyst.get(f"{STUDY}conditions/?page_size=2").json()
    assert answer["count"] == 6
    assert answer["results"][0] == {
        "distortion": "contrast", "level": "-0.4", "step": -2, "label": "Contrast",
        "aspect": "style", "note": "",
    }  # fmt: skip


def test_only_participants_count_unless_more_is_asked_for(survey, analyst: Client):
    judged(survey, 2)
    judged(survey, 1, Origin.TEST)
    judged(survey, 1, Origin.SIMULATED)
    for query, votes in (
        ("", 2),
        ("?include=test", 3),
        ("?include=simulated", 3),
        ("?include=test,simulated", 4),
    ):
        results = analyst.get(f"{STUDY}results/{query}").json()
        ledger = analyst.get(f"{STUDY}ledger/{query}").json()
        assert results["votes"] == ledger["voted"] == votes
        assert results["ledger"] == ledger
        assert ledger["difference"] == 0
        lines = body(analyst.get(f"{STUDY}votes.csv{query}"))
        assert len(list(csv.DictReader(io.StringIO(lines)))) == votes
    for wrong in ("person", "everybody", "test;simulated", "test,"):
        assert analyst.get(f"{STUDY}results/?include={wrong}").status_code == 400


def test_votes_are_a_streamed_file(survey, analyst: Client):
    judged(survey, 2)
    response = analyst.get(f"{STUDY}votes.csv", headers={"Accept": "text/csv"})
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="study-votes.csv"'
    rows = list(csv.DictReader(io.StringIO(body(response))))
    columns = {row["column"] for row in csv.DictReader(
        io.StringIO(body(analyst.get(f"{STUDY}codebook.csv"))))}  # fmt: skip
    assert set(rows[0]) <= columns
    assert [row["survey"] for row in rows] == ["study", "study"]


def test_votes_come_in_every_format(survey, analyst: Client):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: no Parquet files here")
    judged(survey, 2)
    for form in FORMATS:
        response = analyst.get(f"{STUDY}votes.{form}")
        assert response["Content-Disposition"] == f'attachment; filename="study-votes.{form}"'
        found = b"".join(response.streaming_content)
        if form == "jsonl":
            assert [json.loads(line)["survey"] for line in found.splitlines()] == ["study"] * 2
        if form == "parquet":
            assert (found[:4], found[-4:]) == (b"PAR1", b"PAR1")
    assert analyst.get(f"{STUDY}votes.xlsx").status_code == 404
