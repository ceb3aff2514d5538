"""The API describes itself without a gap, to analysts and admins."""

import io
import json
import re

import pytest
from django.core.management import call_command
from django.test import Client

from survey.api.base import SessionView, StaffView
from survey.api.urls import urlpatterns
from survey.exports.formats import REGISTRY as FORMATS

PARTICIPANTS = {"pair", "votes", "skips", "undo", "breaks"}
ANALYSTS = {"survey", "results", "ledger", "conditions", "codebook.csv"} | {
    f"votes.{form}" for form in FORMATS
}


@pytest.fixture(scope="module")
def schema() -> dict:
    out = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", stdout=out)
    return json.loads(out.getvalue())


def operations(schema: dict) -> list[tuple[str, dict]]:
    return [
        (path.strip("/").split("/")[-1], found)
        for path, methods in schema["paths"].items()
        for found in methods.values()
    ]


def test_it_holds_every_operation(schema: dict):
    by_tag = {
        tag: {name for name, operation in operations(schema) if operation["tags"] == [tag]}
        for tag in ("participants", "analysts")
    }
    assert by_tag == {"participants": PARTICIPANTS, "analysts": ANALYSTS}
    assert len(urlpatterns) == len(schema["paths"])


def test_every_view_says_who_may_call_it():
    for pattern in urlpatterns:
        view = pattern.callback.cls
        assert issubclass(view, (SessionView, StaffView)), pattern
        assert view.throttle_classes, pattern


def test_every_operation_tells_its_refusals_in_one_shape(schema: dict):
    for name, operation in operations(schema):
        answers = operation["responses"]
        needed = {"403", "404", "429"} | ({"409", "400"} if name in PARTICIPANTS else {"401"})
        assert needed <= answers.keys(), name
        for status, answer in answers.items():
            assert answer["description"], (name, status)
            if status == "200":
                continue
            shape = answer["content"]["application/json"]
            assert shape["schema"] == {"$ref": "#/components/schemas/Error"}
            assert shape["examples"]
        assert "Retry-After" in answers["429"]["headers"]
        assert operation["summary"]


def test_it_says_how_one_proves_who_one_is(schema: dict):
    schemes = schema["components"]["securitySchemes"]
    assert schemes.keys() == {"participant", "csrf", "login", "token"}
    for name, operation in operations(schema):
        if name in PARTICIPANTS:
            assert operation["security"] == [{"participant": [], "csrf": []}]
        else:
            assert operation["security"] == [{"token": []}, {"login": []}]


def test_staff_read_the_schema_and_the_page(analyst: Client, admin: Client):
    for client in (analyst, admin):
        assert client.get("/api/docs/").status_code == 200
        assert client.get("/api/schema/").status_code == 200
    as_json = analyst.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert as_json.json()["info"]["title"] == "Proofsheet"


def test_nobody_else_does(outsider: Client, annotator):
    assert Client().get("/api/docs/")["Location"] == "/login/?next=/api/docs/"
    assert Client().get("/api/schema/").status_code == 401
    for address in ("/api/docs/", "/api/schema/"):
        assert outsider.get(address).status_code == 403
    assert annotator.client.get("/api/schema/").status_code == 401
    assert annotator.client.get("/api/docs/").status_code == 302


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(analyst: Client):
    page = analyst.get("/api/docs/").content.decode()
    script = analyst.get("/api/docs/?script=").content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(sources) >= 6
    assert all(source.startswith("/") and not source.startswith("//") for source in sources)
    assert "<style" not in page
    assert re.findall(r"<script(?![^>]*src=)", page) == []
    assert re.findall(r"\son\w+=", page) == []
    # Swagger UI would send the schema's address to a validator on the internet.
    assert '"validatorUrl": null' in script
