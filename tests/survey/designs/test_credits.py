"""Credits that are corrected later: shown and exported at once, and the protocol stays as it is."""

import json

import pytest
from django.test import Client

from models_app.importing.credits import Credit
from models_app.models import Dataset, Photo, SurveySource
from models_app.services.datasets import photos_import
from survey.designs import design_of
from survey.designs.credits import credits_of
from survey.models import Stimulus, Survey
from tests.factories import survey_make
from tests.people import Annotator


@pytest.fixture
def files(real_photos) -> dict:
    """Of the survey's four photos, three are known here."""
    return {path: f"photo-{n}.jpg" for n, path in enumerate(real_photos[:3])}


@pytest.fixture
def shown(survey: Survey, files: dict) -> Survey:
    first = Credit("Ada", "CC0")
    photos_import("lab", files, credits=dict.fromkeys(files, first))
    SurveySource.objects.create(
        survey=survey, dataset=Dataset.objects.get(), preset="pfister2021", long_side=640,
        encoding="jpeg",
    )  # fmt: skip
    Stimulus.objects.filter(survey=survey).exclude(photo="photo-3.jpg").update(
        credit=first.credit, licence=first.licence
    )
    return survey


def about() -> str:
    return Client().get("/about/").content.decode()


def document(survey: Survey) -> dict:
    return json.loads(b"".join(design_of(survey).chunks()))


def test_an_import_of_better_credits_shows_at_once(shown: Survey, files: dict):
    assert about().count("Ada, CC0") == 3
    one, two, _three = files
    photos_import("lab", files, credits={one: Credit("Grace", "CC BY 4.0"), two: Credit("", "CC1")})
    assert credits_of(shown) == [
        ("photo-0.jpg", "Grace", "CC BY 4.0"),
        ("photo-1.jpg", "Ada", "CC1"),
        ("photo-2.jpg", "Ada", "CC0"),
        # Of a photo that is not known here: what came with its picture.
        ("photo-3.jpg", "credit 3", ""),
    ]
    page = about()
    for text in ("Grace, CC BY 4.0", "Ada, CC1", "Ada, CC0", "credit 3"):
        assert page.count(text) == 1
    assert document(shown)["credits"][0] == {
        "name": "photo-0.jpg", "credit": "Grace", "licence": "CC BY 4.0",
    }  # fmt: skip


def test_a_credit_that_was_taken_back_is_shown_no_more(shown: Survey):
    Photo.objects.filter(name="photo-1.jpg").update(credit="", licence="")
    assert about().count("Ada, CC0") == 2
    assert "photo-1.jpg" not in about()
    assert [row["name"] for row in document(shown)["credits"]] == [
        "photo-0.jpg", "photo-2.jpg", "photo-3.jpg",
    ]  # fmt: skip


def test_a_correction_changes_no_protocol_and_nothing_that_is_stored(shown: Survey):
    person = Annotator(shown)
    person.vote(person.pair()["trials"][0]["token"])
    before, stored = document(shown), list(Stimulus.objects.order_by("pk").values())
    Photo.objects.update(credit="Grace", licence="CC BY 4.0")
    after = document(shown)
    assert after["credits"] != before["credits"]
    assert (after["sha256"], after["design"]) == (before["sha256"], before["design"])
    assert list(Stimulus.objects.order_by("pk").values()) == stored


def test_another_dataset_has_credits_of_its_own(shown: Survey, files: dict):
    photos_import("other", files, credits=dict.fromkeys(files, Credit("Mallory")))
    assert "Mallory" not in about()
    assert "Mallory" not in str(document(shown))


def test_no_credit_stands_beside_a_pair(shown: Survey):
    Photo.objects.update(credit="Grace", licence="CC BY 4.0")
    person = Annotator(shown)
    page = person.client.get("/s/study/pair/")
    assert page.status_code == 200
    for answer in (json.dumps(person.pair()), page.content.decode()):
        assert not [text for text in ("Grace", "CC BY 4.0", "credit 3") if text in answer]


def test_a_survey_costs_two_queries(shown: Survey, django_assert_num_queries):
    survey_make("another")
    with django_assert_num_queries(2):
        # Its pictures, and what is known of their photos.
        assert len(credits_of(shown)) == 4
