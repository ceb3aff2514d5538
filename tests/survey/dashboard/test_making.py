"""The form that makes a survey of a dataset: for admins, what create_survey makes, written down."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from models_app.models import Dataset, Job, Photo, SurveySource
from models_app.services.datasets import photos_import
from survey.kinds.base import Settings, settings_declared
from survey.models import AuditEntry, Survey
from survey.roles import Role
from tests.people import account_make, client_of
from tests.survey.dashboard.test_pages import text_of

PAGE = "/dashboard/new-survey/"


@pytest.fixture
def lab(db: None, real_photos: list[Path]) -> None:
    photos_import("lab", {real_photos[0]: "a.jpg", real_photos[1]: "b.jpg"})


def send(client: Client, **given: str):
    whole = {"title": "Our trip", "dataset": "lab", "trials": "2", "access": "open",
             "encoding": "jpeg", "undo": "on"}  # fmt: skip
    return client.post(PAGE, {**whole, **given}, follow=True)


def test_a_survey_is_made_as_a_draft(lab: None, manager: Client):
    answer = send(manager, access="invite", question="Which is calmer?", long_side="320")
    assert answer.redirect_chain == [("/dashboard/surveys/our-trip/", 302)]
    page = answer.content.decode()
    assert "The survey is a draft; a worker makes its pictures." in page
    assert "It shows the photos of the dataset lab." in page
    survey = Survey.objects.get()
    given = {"trials": 2, "access": "invite", "question": "Which is calmer?", "long_side": 320,
             "skip": False}  # fmt: skip
    assert survey.settings == Settings.from_json(given).to_json()
    assert (survey.title, survey.state, survey.pairs_expected) == ("Our trip", "draft", 160)
    assert SurveySource.objects.get().dataset.name == "lab"
    assert Job.objects.get().kind == "render_survey"
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.target_id, entry.target_label) == (
        "mia",
        "survey.create",
        "our-trip",
        "Our trip",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"title": ""}, "This field is required."),
        ({"title": "旅行"}, "The title makes no short name"),
        ({"slug": "a b"}, "Enter a valid"),
        ({"dataset": "nowhere"}, "nowhere is not one of the available choices"),
        ({"trials": "0"}, "greater than or equal to 1"),
        ({"photo_gap": "51"}, "less than or equal to 50"),
        ({"consent_version": "v" * 41}, "at most 40 characters"),
        ({"pairing": "luck"}, "is no pairing strategy; allowed are: balanced"),
        ({"preset": "sepia"}, "choose from pfister2021, identity_zero"),
        ({"trials": "3"}, "3 pairs a person are too many for 2 photos: with photo_repeats 1"),
    ],
)
def test_what_is_wrong_is_said_and_makes_nothing(lab: None, manager: Client, given, said: str):
    answer = send(manager, **given)
    assert answer.status_code == 400
    page = answer.content.decode().replace("&#x27;", "'")
    assert said in page
    if "title" not in given:
        assert 'value="Our trip"' in page
    assert not Survey.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_taken_short_name_is_refused(lab: None, manager: Client):
    send(manager)
    assert "There is a survey our-trip already" in send(manager).content.decode()
    assert Survey.objects.count() == 1


def test_a_photo_that_returns_fills_the_quota(lab: None, manager: Client):
    assert send(manager, trials="3", photo_repeats="3", photo_gap="1").status_code == 200
    assert Survey.objects.get().settings["photo_repeats"] == 3


def test_excluded_photos_fill_nothing(lab: None, manager: Client):
    Photo.objects.filter(name="a.jpg").update(excluded_at=timezone.now())
    assert "2 pairs a person are too many for 1 photo:" in send(manager).content.decode()


def test_each_setting_is_on_the_form_with_meaning_default_and_range(lab: None, manager: Client):
    page = manager.get(PAGE).content.decode()
    read = text_of(page).replace("&#x27;", "'")
    for known in settings_declared():
        assert f'name="{known.name}"' in page
        assert f"{known.about.label} {known.name}" in read
        assert str(known.about.meaning) in read
    assert "Default: 85. Allowed: 1 to 200." in read
    assert "Default: everybody with the link." in read


def test_the_ways_to_it(lab: None, manager: Client, analyst: Client):
    dataset = Dataset.objects.get()
    link = f'href="{PAGE}?dataset=lab"'
    address = reverse("models_dashboard:dataset", args=[dataset.pk])
    assert link in manager.get(address).content.decode()
    assert f'href="{PAGE}"' in manager.get("/dashboard/").content.decode()
    assert '<option value="lab" selected>' in manager.get(f"{PAGE}?dataset=lab").content.decode()
    assert PAGE not in analyst.get(address).content.decode()
    assert PAGE not in analyst.get("/dashboard/").content.decode()


def test_it_is_for_admins_and_needs_the_token_of_the_page(
    lab: None, client: Client, analyst: Client
):
    assert client.get(PAGE).status_code == client.post(PAGE).status_code == 302
    assert analyst.get(PAGE).status_code == 403
    assert send(analyst).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client_of(account_make("max", Role.ADMIN)).cookies
    assert send(strict).status_code == 403
    assert not Survey.objects.exists()


def test_without_photos_the_page_says_what_comes_first(db: None, manager: Client):
    assert "A survey shows the photos of a dataset; add some first." in text_of(
        manager.get(PAGE).content.decode()
    )
