"""What the command refuses, before anybody votes, and what it says when it is stopped."""

import pytest
from django.core.management import CommandError, call_command

from survey.management.commands import simulate_annotators
from survey.models import Participant, Survey
from tests.survey.simulation.commanding import simulate

pytestmark = pytest.mark.django_db


def test_too_few_pairs_stop_before_anybody_votes(survey: Survey):
    refused = simulate(survey, votes=13)[1]
    assert refused.startswith("13 votes by 3 annotators need 5 pairs a person, the quota is 4")
    assert not Participant.objects.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"annotators": 0}, "--annotators is 0; allowed are numbers from 1 to 100000."),
        ({"lapse": 1.5}, "--lapse is 1.5; allowed are numbers from 0 to 1."),
        ({"annotator_sd": float("nan")}, "--annotator-sd is nan; allowed are"),
        ({"parallel": 2}, "--pictures and --parallel are for --http"),
        ({"pictures": True}, "--pictures and --parallel are for --http"),
        ({"http": "here"}, "--http is 'here'; it must be scheme, host and port"),
    ],
)
def test_options_out_of_range_are_refused(survey: Survey, options, said: str):
    assert said in simulate(survey, **options)[1]
    assert not Participant.objects.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere/truth.json", "cannot be written (No such file or directory); name another"),
        ("", "is no file; name one, as in truth.json."),
    ],
)
def test_a_truth_that_cannot_be_written_stops_before_anybody_votes(
    survey: Survey, tmp_path, name: str, said: str
):
    assert said in simulate(survey, truth=tmp_path / name)[1]
    assert not Participant.objects.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("clear", "said"),
    [
        (True, "Stopped; run this again to delete the others."),
        (False, "Stopped; the votes so far are kept: delete them with --clear."),
    ],
)
def test_ctrl_c_says_how_to_go_on(survey: Survey, monkeypatch, clear: bool, said: str):
    def pressed(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    for name in ("simulated_clear", "annotators_run"):
        monkeypatch.setattr(simulate_annotators, name, pressed)
    with pytest.raises(CommandError) as stopped:
        call_command("simulate_annotators", survey=survey.slug, votes=4, clear=clear)
    assert (str(stopped.value), stopped.value.returncode) == (said, 130)


def test_an_unknown_survey_is_refused(db):
    assert simulate(Survey(slug="none"))[1] == "There is no survey 'none'."
