"""Files that nobody asked for: none lands on the disk, whoever sends it to whatever address."""

import io
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client
from django.urls import reverse

from survey import designs
from survey.models import Participant, Survey
from survey.uploads import FORM_BYTES
from tests.survey.walking import addresses

# More than Django would keep in memory.
LARGE = site.FILE_UPLOAD_MAX_MEMORY_SIZE + 100_000


@pytest.fixture
def spooled(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were begun on the disk, whether they are still there or not."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    begun: list[str] = []
    make = TemporaryUploadedFile.__init__

    def noted(self, name, *args, **kwargs):
        begun.append(name)
        make(self, name, *args, **kwargs)

    monkeypatch.setattr(TemporaryUploadedFile, "__init__", noted)
    return begun


@pytest.fixture
def stranger(survey: Survey) -> Client:
    """A browser that has looked at the start page: it has the cookie of forms, and no more."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.get("/s/study/")
    assert list(client.cookies) == ["csrftoken"]
    return client


def file_of(size: int) -> SimpleUploadedFile:
    return SimpleUploadedFile("x.bin", b"0" * size)


@pytest.mark.parametrize(
    "where",
    ["/s/study/", "/login/", "/language/", "/admin/login/", "/dashboard/designs/",
     "/invite/x/", "/api/survey/study/votes/"],
)  # fmt: skip
def test_what_a_stranger_sends_is_not_kept(stranger: Client, spooled: list[str], where: str):
    token = stranger.cookies["csrftoken"].value
    for size in (1_000, LARGE):
        for form in ({}, {"csrfmiddlewaretoken": token}):
            answer = stranger.post(where, {**form, "file": file_of(size)})
            assert answer.status_code != 500
    assert spooled == []


def test_no_address_keeps_what_a_stranger_or_a_participant_sends(
    survey: Survey, annotator, spooled: list[str]
):
    for client in (Client(), annotator.client):
        for where in addresses(survey):
            assert client.post(where, {"file": file_of(LARGE)}).status_code != 500
    assert spooled == []


def test_a_form_that_is_too_large_is_refused_unread(stranger: Client, caplog):
    class Unread(io.BytesIO):
        def read(self, *_sizes: int) -> bytes:
            raise AssertionError("the body was read")

    answer = stranger.generic(
        "POST", "/s/study/", CONTENT_TYPE="multipart/form-data; boundary=x",
        **{"wsgi.input": Unread(), "CONTENT_LENGTH": "30000000"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert not Participant.objects.exists()
    # A log that grows by 30 lines a request fills a disk, too.
    assert not caplog.records


def test_the_fields_beside_a_file_are_read(stranger: Client, spooled: list[str]):
    token = stranger.cookies["csrftoken"].value
    form = {"csrfmiddlewaretoken": token, "file": file_of(1_000)}
    assert stranger.post("/s/study/", form).status_code == 302
    assert Participant.objects.count() == 1


def test_people_without_the_role_bring_no_files(
    survey: Survey, analyst: Client, outsider: Client, spooled: list[str]
):
    places = [reverse("dashboard:design_import")] + [
        reverse(f"models_dashboard:{name}")
        for name in ("photos_add", "label_import", "checkpoint_import")
    ]
    for client in (analyst, outsider):
        for where in places:
            assert client.post(where, {"file": file_of(LARGE)}).status_code == 403
    assert outsider.post(
        reverse("models_dashboard:score"), {"photo": file_of(LARGE)}
    ).status_code == 403  # fmt: skip
    assert spooled == []


def test_a_design_that_is_too_large_is_refused_before_it_is_read(
    manager: Client, monkeypatch: pytest.MonkeyPatch, spooled: list[str]
):
    monkeypatch.setattr("survey.dashboard.designs.LARGEST", 1000)
    answer = manager.post(
        "/dashboard/designs/", {"slug": "again", "file": file_of(FORM_BYTES + 2000)}
    )
    assert answer.status_code == 413
    said = f"The file has more than {designs.LARGEST // 1_000_000} MB; no design is so large."
    assert said in answer.content.decode()
    assert spooled == []
