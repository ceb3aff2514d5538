"""manage.py check_counts: what it sees, what it mends, what it cannot."""

import io

import pytest
from django.core.management import CommandError, call_command

from survey.models import Assignment, Exposure, Survey, Tally, Vote
from survey.services.counts_check import counts_check
from tests.people import Annotator


@pytest.fixture
def voted(survey: Survey) -> Survey:
    for origin in ("person", "test"):
        person = Annotator(survey, origin=origin)
        for _vote in range(2):
            first = person.pair()["trials"][0]["token"]
            person.vote(first, "left")
        back = person.post("undo", token=first).json()
        person.vote(back["trials"][0]["token"], "right", layout="stacked")
    return survey


def run(*options: str) -> str:
    out = io.StringIO()
    call_command("check_counts", "--survey", "study", *options, stdout=out)
    return out.getvalue()


def test_votes_undone_and_given_anew_agree(voted: Survey, django_assert_num_queries):
    # 1 votes, 2 tallies, 3 trials, 4 exposures, 5 trials without a vote, 6 votes beside
    with django_assert_num_queries(6):
        found = counts_check(voted)
    assert found.balanced
    assert (found.votes, found.trials) == (4, 8)
    assert run() == "4 votes and 8 trials counted anew.\nEvery count agrees.\n"


def test_a_wrong_tally_is_named_and_mended(voted: Survey):
    Tally.objects.filter(n__gt=0).first().delete()
    Exposure.objects.filter(shown=1).first().delete()
    with pytest.raises(CommandError, match="run this again with --repair"):
        run()
    told = run("--repair")
    assert "tallies of votes that are wrong: 1" in told
    assert "pairs whose count of showings is wrong: 1" in told
    assert told.endswith("The kept counts were written anew.\nEvery count agrees.\n")
    assert run().endswith("Every count agrees.\n")


@pytest.mark.parametrize("lost", ["vote", "state"])
def test_a_lost_row_cannot_be_mended(voted: Survey, lost: str):
    if lost == "vote":
        Vote.objects.first().delete()
    else:
        Assignment.objects.filter(pk=Vote.objects.first().assignment_id).update(state="open")
    with pytest.raises(CommandError, match="Rows are missing"):
        run("--repair")


def test_an_unknown_survey_is_one_sentence(db: None):
    with pytest.raises(CommandError, match="There is no survey 'study'"):
        run()
