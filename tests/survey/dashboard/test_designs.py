"""The page that makes a draft of a design: for admins, by POST, written down."""

import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from models_app.models import SurveySource
from models_app.services.datasets import photos_import
from survey.designs import design_import, design_of, design_read
from survey.models import AuditEntry, Survey
from tests.factories import survey_make
from tests.survey.designs.test_round_trip import whole

PAGE = "/dashboard/designs/"
DATASET = "/dashboard/surveys/again/dataset/"


@pytest.fixture
def design(survey: Survey) -> bytes:
    return b"".join(design_of(survey).chunks())


def send(client: Client, content: bytes, **given: str):
    file = SimpleUploadedFile("design.json", content, "application/json")
    return client.post(PAGE, {"file": file, "slug": "again", **given}, follow=True)


def test_it_is_for_admins(client: Client, analyst: Client, manager: Client, design: bytes):
    assert manager.get(PAGE).status_code == 200
    assert client.get(PAGE).status_code == 302
    assert analyst.get(PAGE).status_code == 403
    assert send(analyst, design).status_code == 403
    assert Survey.objects.count() == 1


def test_it_needs_the_token_of_the_page(manager: Client, design: bytes):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = manager.cookies
    assert send(strict, design).status_code == 403
    assert Survey.objects.count() == 1


def test_a_design_becomes_a_draft_and_what_was_found_is_said(manager: Client, design: bytes):
    response = send(manager, design, title="Again")
    assert response.redirect_chain == [("/dashboard/surveys/again/", 302)]
    assert "0 of 4 photos of the design are in this installation." in response.content.decode()
    made = Survey.objects.get(slug="again")
    assert (made.state, made.title) == ("draft", "Again")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_name, entry.target_id) == (
        "survey.import_design",
        "mia",
        "again",
    )
    assert entry.detail["sha256"] == json.loads(design)["sha256"]


def test_other_formulas_are_a_warning(manager: Client, design: bytes):
    found = json.loads(design)
    found["design"]["formulas_sha256"] = "0" * 64
    del found["sha256"]
    page = send(manager, json.dumps(found).encode()).content.decode()
    assert '<p class="said warning" role="status">Warning: this installation has other' in page


@pytest.mark.parametrize(
    ("content", "given", "said"),
    [
        (b"{}", {}, "no survey design"),
        (None, {"slug": "study"}, "There is a survey &#x27;study&#x27; already"),
        (None, {"slug": "<b>"}, "cannot be made"),
        (None, {"dataset": "nowhere"}, "no photos in the dataset nowhere"),
    ],
)
def test_what_is_refused_is_said_above_the_form(
    manager: Client, design: bytes, content: bytes | None, given: dict, said: str
):
    response = send(manager, design if content is None else content, **given)
    assert response.status_code == 400
    page = response.content.decode()
    assert said in page
    assert "<b>" not in page
    assert Survey.objects.count() == 1


def test_no_file_is_said(manager: Client, survey: Survey):
    response = manager.post(PAGE, {"slug": "again"})
    assert response.status_code == 400
    assert "No file was chosen" in response.content.decode()


@pytest.fixture
def draft(db: None, real_photos: list[Path]) -> Survey:
    photos_import("lab", {real_photos[0]: "a.jpg"})
    photos_import("other <b>", {real_photos[1]: "b.jpg"})
    full = survey_make(photos=1, conditions=whole("pfister2021"))
    return design_import(design_read(b"".join(design_of(full).chunks())), slug="again").survey


def test_a_draft_s_page_gives_it_a_dataset(draft: Survey, manager: Client):
    page = manager.get("/dashboard/surveys/again/").content.decode()
    assert "This draft has no photos yet" in page
    assert "<option>lab</option><option>other &lt;b&gt;</option>" in page
    answer = manager.post(DATASET, {"dataset": "lab"}, follow=True)
    assert answer.redirect_chain == [("/dashboard/surveys/again/", 302)]
    page = answer.content.decode()
    assert "The draft shows the dataset lab; a worker makes its pictures." in page
    assert "It shows the photos of the dataset lab." in page
    assert DATASET not in page
    entry = AuditEntry.objects.get(action="survey.choose_dataset")
    assert (entry.actor_name, entry.target_id) == ("mia", "again")


@pytest.mark.parametrize(
    ("given", "said"),
    [({"dataset": "nowhere"}, "no photos in the dataset nowhere"), ({}, "No dataset was chosen")],
)
def test_a_dataset_that_is_refused_is_said(draft: Survey, manager: Client, given: dict, said: str):
    page = manager.post(DATASET, given, follow=True).content.decode()
    assert said in page
    assert "This draft has no photos yet" in page


def test_a_survey_that_has_started_gets_no_dataset(draft: Survey, manager: Client):
    Survey.objects.filter(pk=draft.pk).update(state="open")
    assert DATASET not in manager.get("/dashboard/surveys/again/").content.decode()
    page = manager.post(DATASET, {"dataset": "lab"}, follow=True).content.decode()
    assert "The survey again has started, so its photos cannot change any more" in page
    assert not SurveySource.objects.exists()


def test_a_dataset_is_chosen_by_admins(draft: Survey, client: Client, analyst: Client):
    page = analyst.get("/dashboard/surveys/again/").content.decode()
    assert "An admin can choose one here." in page
    assert DATASET not in page
    assert analyst.post(DATASET, {"dataset": "lab"}).status_code == 403
    assert client.post(DATASET, {"dataset": "lab"}).status_code == 302
    assert not SurveySource.objects.exists()


def test_choosing_a_dataset_needs_the_token_of_the_page(draft: Survey, manager: Client):
    assert manager.get(DATASET).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = manager.cookies
    assert strict.post(DATASET, {"dataset": "lab"}).status_code == 403
    assert not SurveySource.objects.exists()
