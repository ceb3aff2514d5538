"""manage.py create_survey"""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from models_app.models import Photo
from models_app.selectors import pictures as selectors
from models_app.services.datasets import photos_import
from survey.models import AuditEntry, Survey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def dataset(real_photos) -> None:
    photos_import("holiday", {real_photos[2]: "coffee.png"})


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("create_survey", *arguments, stdout=out)
    return out.getvalue()


def test_it_makes_an_open_survey_and_plans_its_pictures():
    out = run("trip", "--dataset", "holiday", "--title", "Our trip", "--set", "trials=60",
              "--set", "encoding=png", "--set", "question=Which do you like?")  # fmt: skip
    assert "survey trip: 1 photos, 81 pictures to render" in out
    survey = Survey.objects.get(slug="trip")
    assert survey.state == "open"
    assert survey.settings["trials"] == 60
    assert survey.settings["encoding"] == "png"
    assert survey.settings["question"] == "Which do you like?"
    assert survey.pairs_expected == 80
    assert selectors.rendition_counts("trip")["pending"] == 81


def test_again_plans_what_is_new_and_changes_nothing_else(real_photos):
    trip = ("trip", "--dataset", "holiday", "--title", "Our trip", "--set", "undo=false")
    run(*trip)
    assert Survey.objects.get().settings["undo"] is False
    photos_import("holiday", {real_photos[1]: "cat.png"})
    with pytest.raises(CommandError, match="go on with it: --again"):
        run(*trip)
    out = run("trip", "--dataset", "holiday", "--title", "Another", "--again")
    assert "2 photos, 162 pictures to render" in out
    survey = Survey.objects.get()
    assert (survey.title, survey.settings["undo"]) == ("Our trip", False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trip", "--dataset", "nothing", "--title", "T"], "no photos in a dataset 'nothing'"),
        (["trip", "--dataset", "holiday", "--title", "T", "--set", "trials"], "has no ="),
        (["trip", "--dataset", "holiday", "--title", "T", "--set", "trials=0"], "from 1 to 200"),
        (["trip", "--dataset", "holiday", "--title", "T", "--set", "trials=x"], "a whole number"),
        (["trip", "--dataset", "holiday", "--title", "T", "--set", "undo=x"], "true or false"),
        (["trip", "--dataset", "holiday", "--title", "T", "--set", "x=1"], "no survey setting"),
        (
            ["trip", "--dataset", "holiday", "--title", "T", "--set", "preset=sepia"],
            "Unknown preset 'sepia'; choose from pfister2021, identity_zero",
        ),
        (
            ["trip", "--dataset", "holiday", "--title", "T", "--set", "preset=sheng2020"],
            "a survey shows whole photos: choose pfister2021 or identity_zero",
        ),
        (["a b", "--dataset", "holiday", "--title", "T"], "'a b' is no short name"),
    ],
)
def test_bad_input_is_one_sentence_and_makes_nothing(arguments: list[str], said: str):
    with pytest.raises(CommandError, match=said):
        run(*arguments)
    assert not Survey.objects.exists()


def test_a_quota_that_the_photos_cannot_fill_is_a_warning():
    said = io.StringIO()
    call_command("create_survey", "trip", "--dataset", "holiday", "--title", "T", stdout=said,
                 stderr=said)  # fmt: skip
    assert "Warning: 85 pairs a person are too many for 1 photo: " in said.getvalue()
    assert "photo_gap 3 it gives a person 1 for certain." in said.getvalue()
    assert Survey.objects.get().state == "open"
    said = io.StringIO()
    call_command("create_survey", "trips", "--dataset", "holiday", "--title", "T", "--set",
                 "trials=1", stdout=io.StringIO(), stderr=said)  # fmt: skip
    assert said.getvalue() == ""


def test_it_opens_before_a_picture_is_there_and_is_written_down():
    run("trip", "--dataset", "holiday", "--title", "Our trip")
    assert Survey.objects.get().pairs_expected == 80
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_name, entry.target_label) == ("survey.create", "", "Our trip")
    assert entry.detail == {"dataset": "holiday", "state": "open"}


def test_without_a_photo_that_is_not_excluded_it_is_not_made():
    Photo.objects.update(excluded_at=timezone.now())
    with pytest.raises(CommandError, match="it has no pair to show, and none is being prepared"):
        run("trip", "--dataset", "holiday", "--title", "T")
    assert not Survey.objects.exists()


def test_a_draft_is_not_open():
    run("trip", "--dataset", "holiday", "--title", "T", "--draft")
    assert Survey.objects.get().state == "draft"


def test_a_taken_name_is_refused():
    run("trip", "--dataset", "holiday", "--title", "T")
    with pytest.raises(CommandError, match="choose another"):
        run("trip", "--dataset", "holiday", "--title", "T")
