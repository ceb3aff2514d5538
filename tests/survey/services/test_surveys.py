"""Settings are checked when they come in and frozen once votes exist."""

import pytest

from survey.errors import SurveyFrozen, SurveyInvalid
from survey.models import Participant, Survey
from survey.services.surveys import survey_change, survey_create
from tests.factories import session_make, survey_make
from tests.people import Annotator


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"trials": 0}, "trials is 0; allowed are whole numbers from 1 to 200"),
        ({"trials": "many"}, "trials is 'many'; it must be a whole number"),
        ({"trials": True}, "trials is True"),
        ({"encoding": "gif"}, "encoding is 'gif'; allowed are: jpeg, png"),
        ({"colour": "red"}, "'colour' is no survey setting; allowed are: trials"),
        ({"pairing": "luck"}, "'luck' is no pairing strategy"),
        ({"question": 5}, "question is 5; it must be a text"),
        (
            {"consent_version": "2026-11-21, approved by the ethics board of"},
            "consent_version has 43 characters; at most 40 are allowed.",
        ),
    ],
)
def test_a_bad_setting_is_one_sentence(db, settings, said):
    with pytest.raises(SurveyInvalid) as refused:
        survey_create("study", title="A study", settings=settings)
    assert said in str(refused.value)
    assert not Survey.objects.exists()


def test_the_longest_consent_version_has_its_place_with_each_participant(db):
    longest = Participant._meta.get_field("consent_version").max_length
    with pytest.raises(SurveyInvalid, match=f"at most {longest} are allowed"):
        survey_make(consent_version="v" * (longest + 1))
    survey = survey_make(consent_version="v" * longest)
    assert session_make(survey).participant.consent_version == "v" * longest


def test_an_unknown_kind_is_refused(db):
    with pytest.raises(SurveyInvalid, match="two_choice"):
        survey_create("study", title="A study", kind="five_stars")


def test_settings_may_change_before_the_first_vote(survey: Survey, annotator: Annotator):
    annotator.pair()
    survey_change(survey, settings={"trials": 7})
    survey.refresh_from_db()
    assert survey.settings["trials"] == 7


def test_settings_are_frozen_once_votes_exist(survey: Survey, annotator: Annotator):
    annotator.vote(annotator.pair()["trials"][0]["token"])
    with pytest.raises(SurveyFrozen, match="cannot change any more"):
        survey_change(survey, settings={"trials": 7})
    survey.refresh_from_db()
    assert survey.settings["trials"] == 4
    survey.title = "A better title"
    survey.save()
