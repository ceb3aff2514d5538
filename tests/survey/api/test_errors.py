"""Every refusal has one shape, and no request that can be written makes the server fail."""

import json

import pytest
from django.test import Client

from survey.models import Vote
from tests.people import VIEWING, Annotator

VOTES = "/api/survey/study/votes/"


def send(client: Client, body: bytes, kind: str = "application/json"):
    return client.generic("POST", VOTES, body, content_type=kind)


def check(response, status: int, code: str) -> dict:
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    said = response.json()
    assert said["code"] == code
    assert len(said["detail"]) >= 10
    assert said.keys() <= {"code", "detail", "fields"}
    return said


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b'{"token": NaN}', b"[" * 30_000, b"1" * 5_000, b'{"a":' * 9_000],
)
def test_json_that_cannot_be_read(annotator: Annotator, body: bytes):
    response = send(annotator.client, body)
    check(response, 400, "invalid" if body == b"" else "parse-error")


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"3", b'"vote"', b"[[1]]", b"{}", b'{"token": {"a": 1}}']
)
def test_json_that_is_no_vote(annotator: Annotator, body: bytes):
    said = check(send(annotator.client, body), 400, "invalid")
    assert said["fields"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("token", "\0"), ("token", "\ud800"), ("token", ["x"]), ("token", True), ("answer", ""),
        ("answer", "\ud83d"), ("response_ms", 10**400), ("response_ms", 1e308),
        ("response_ms", -0.5), ("response_ms", True), ("response_ms", None),
        ("device_pixel_ratio", 10**400), ("device_pixel_ratio", "Infinity"),
        ("rendered_width", "1" * 2000), ("focus_losses", 2**63), ("layout", []),
        ("layout", {"a": 1}),
    ],
)  # fmt: skip
def test_values_that_nobody_would_send(annotator: Annotator, field: str, value: object):
    vote = {**VIEWING, "token": "x", "answer": "left", field: value}
    response = send(annotator.client, json.dumps(vote).encode())
    # What passes for a number ("true" is 1) is then a vote for a pair that is not there.
    assert response.status_code in {400, 409}
    assert response.json().keys() <= {"code", "detail", "fields"}
    assert not Vote.objects.exists()


def test_a_large_body_is_refused_before_it_is_read(annotator: Annotator):
    body = json.dumps({"token": "x" * 70_000}).encode()
    check(send(annotator.client, body), 413, "too-large")


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "", "application/xml",
     "multipart/form-data; boundary=x"],
)  # fmt: skip
def test_only_json_is_read(annotator: Annotator, kind: str):
    response = send(annotator.client, b"token=1", kind)
    check(response, 415, "unsupported-media-type")


def test_a_broken_form_is_refused_in_words(annotator: Annotator):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = annotator.client.cookies
    strict.cookies["csrftoken"] = "a" * 32
    response = send(strict, b"x", "multipart/form-data")
    assert response.status_code in {400, 403, 415}
    assert response.json().keys() == {"code", "detail"}


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options", "trace"])
def test_other_methods_are_refused(annotator: Annotator, method: str):
    response = getattr(annotator.client, method)(VOTES)
    said = check(response, 405, "method-not-allowed")
    assert method.upper() in said["detail"]
    assert "POST" in response["Allow"]


def test_no_session_no_consent_no_survey(survey, annotator: Annotator):
    check(Client().post(VOTES), 403, "no-session")
    check(Client().post("/api/survey/nowhere/votes/"), 404, "not-found")
    participant = annotator.session.participant
    participant.consented_at = None
    participant.save()
    check(annotator.post("votes"), 403, "permission-denied")


def test_another_site_is_refused_in_the_same_shape(annotator: Annotator):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = annotator.client.cookies
    assert "CSRF" in check(strict.post(VOTES), 403, "permission-denied")["detail"]


def test_an_accept_header_changes_nothing(annotator: Annotator):
    for accept in ("text/html", "image/*", "nonsense", "x" * 9000, "*/*, " * 100):
        response = annotator.client.post("/api/survey/study/pair/", headers={"Accept": accept})
        assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("address", ["study/nothing/", "%C3%A4/pair/", "a%0Ab/votes/", "a/b/c.csv"])
def test_an_address_that_is_not_there_answers_as_the_api_does(survey, address: str):
    check(Client().post(f"/api/survey/{address}"), 404, "not-found")
    check(Client().get(f"/api/survey/{address}"), 404, "not-found")
    assert Client().get(f"/s/{address}")["Content-Type"].startswith("text/html")
