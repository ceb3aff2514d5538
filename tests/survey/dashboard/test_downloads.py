"""Files of a survey's page: who gets them, as what, and which votes they hold."""

import csv
import io
import json
import sys

import pyarrow.parquet as pq
import pytest
from django.test import Client

from survey.models import Survey
from tests.people import Annotator

STUDY = "/dashboard/surveys/study/"
TYPES = {
    "votes.csv": "text/csv; charset=utf-8",
    "votes.jsonl": "application/x-ndjson; charset=utf-8",
    "votes.parquet": "application/vnd.apache.parquet",
    "codebook.csv": "text/csv; charset=utf-8",
    "codebook.json": "application/json; charset=utf-8",
    "shares.csv": "text/csv; charset=utf-8",
    "design.json": "application/json; charset=utf-8",
}


@pytest.fixture
def voted(survey: Survey) -> Survey:
    for origin in ("person", "person", "test", "simulated"):
        person = Annotator(survey, origin=origin)
        person.vote(person.pair()["trials"][0]["token"])
    return survey


def body(client: Client, name: str) -> bytes:
    response = client.get(f"{STUDY}{name}")
    assert response.status_code == 200
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("name", TYPES)
def test_analysts_get_it_under_its_name_and_type(analyst: Client, voted: Survey, name: str):
    response = analyst.get(f"{STUDY}{name}")
    assert response.status_code == 200
    assert response["Content-Type"] == TYPES[name]
    assert response["Content-Disposition"] == (f'attachment; filename="study-{name}"')
    assert b"".join(response.streaming_content)


@pytest.mark.parametrize("name", TYPES)
def test_nobody_else_does(client: Client, outsider: Client, voted: Survey, name: str):
    assert client.get(f"{STUDY}{name}").status_code == 302
    assert outsider.get(f"{STUDY}{name}").status_code == 403
    assert Annotator(voted).client.get(f"{STUDY}{name}").status_code == 302


@pytest.mark.parametrize("name", TYPES)
def test_it_is_only_read_and_only_of_a_survey(analyst: Client, voted: Survey, name: str):
    assert analyst.post(f"{STUDY}{name}").status_code == 405
    assert analyst.get(f"/dashboard/surveys/nothing/{name}").status_code == 404


@pytest.mark.parametrize("name", ["votes.xlsx", "codebook.parquet", "shares.json"])
def test_an_unknown_ending_is_not_found(analyst: Client, voted: Survey, name: str):
    assert analyst.get(f"{STUDY}{name}").status_code == 404


@pytest.mark.parametrize(
    ("query", "origins"),
    [
        ("", ["participant"] * 2),
        ("?include=test", ["participant", "participant", "test"]),
        ("?include=simulated,test", ["participant", "participant", "test", "simulated"]),
    ],
)
def test_others_come_when_asked_for(analyst: Client, voted: Survey, query: str, origins: list[str]):
    rows = list(csv.DictReader(io.StringIO(body(analyst, f"votes.csv{query}").decode())))
    assert [row["origin"] for row in rows] == origins
    lines = body(analyst, f"votes.jsonl{query}").decode().splitlines()
    assert [json.loads(line)["origin"] for line in lines] == origins
    table = pq.read_table(io.BytesIO(body(analyst, f"votes.parquet{query}")))
    assert table.column("origin").to_pylist() == origins
    shares = csv.DictReader(io.StringIO(body(analyst, f"shares.csv{query}").decode()))
    assert sum(int(row["votes"]) for row in shares) == len(origins)


@pytest.mark.parametrize("name", ["votes.csv", "votes.parquet", "shares.csv"])
def test_a_misspelt_origin_is_refused(analyst: Client, voted: Survey, name: str):
    response = analyst.get(f"{STUDY}{name}?include=robots")
    assert response.status_code == 400
    assert "'robots' cannot be included" in response.content.decode()


def test_a_format_that_is_not_installed_is_refused_in_words(
    analyst: Client, voted: Survey, monkeypatch
):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    response = analyst.get(f"{STUDY}votes.parquet")
    assert response.status_code == 400
    assert "requirements/parquet.txt" in response.content.decode()


def test_the_page_offers_every_file(analyst: Client, voted: Survey):
    page = analyst.get(STUDY).content.decode()
    for name in TYPES:
        # A design may be refused, which is read on a page and not where downloads are listed.
        as_file = "" if name == "design.json" else " download"
        assert f'href="{STUDY}{name}"{as_file}>' in page


def test_the_page_offers_the_votes_that_it_shows(analyst: Client, voted: Survey):
    page = analyst.get(f"{STUDY}?include=simulated,test").content.decode()
    for name in ("votes.csv", "votes.jsonl", "votes.parquet", "shares.csv"):
        assert f'href="{STUDY}{name}?include=simulated,test" download' in page
