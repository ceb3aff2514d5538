"""Clearing simulated annotators: in batches, true after each, nothing of people."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from survey.models import (
    Assignment,
    AuditEntry,
    Break,
    Exposure,
    Origin,
    Participant,
    Session,
    Survey,
    Tally,
    Vote,
)
from survey.selectors.results import ledger
from survey.services.counts_check import counts_check
from survey.services.leasing import trials_lease
from survey.simulation import clearing
from survey.simulation.clearing import THEIRS, Cleared, simulated_clear
from tests.factories import session_make, survey_make
from tests.people import Annotator

ORIGINS = frozenset(Origin.values)


def judged(survey: Survey, people: int, *, origin: str = Origin.SIMULATED) -> None:
    """Everybody gives two votes and leaves what is open; the first one takes a break."""
    for _person in range(people):
        person = Annotator(survey, origin=origin)
        for _vote in range(2):
            person.vote(person.pair()["trials"][0]["token"])
    session = Session.objects.filter(participant__origin=origin, participant__survey=survey).first()
    Break.objects.create(session=session, after_trials=1, began_at=timezone.now())


def agrees(survey: Survey) -> bool:
    book = ledger(survey, now=timezone.now(), origins=ORIGINS)
    return counts_check(survey).balanced and not (book["difference"] or book["uncounted"])


@pytest.fixture
def small(monkeypatch) -> None:
    monkeypatch.setattr(clearing, "BATCH", 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small")
class TestBatches:
    def test_counts_are_true_after_each_and_nothing_is_locked(self, survey: Survey):
        judged(survey, 5)
        judged(survey, 1, origin=Origin.PERSON)
        left = []

        def told(n: int) -> None:
            assert not connection.in_atomic_block
            assert agrees(survey)
            # Somebody votes in between.
            person = Annotator(survey)
            person.vote(person.pair()["trials"][0]["token"])
            left.append((n, Vote.objects.filter(origin=Origin.SIMULATED).count()))

        assert simulated_clear(survey, told=told) == Cleared(annotators=5, votes=10)
        assert left == [(2, 6), (2, 2), (1, 0)]
        assert agrees(survey)
        assert Vote.objects.count() == 2 + 3
        for model in (Tally, Exposure):
            assert not model.objects.filter(origin=Origin.SIMULATED).exists()

    def test_what_ended_early_is_whole_and_goes_on(self, survey: Survey):
        judged(survey, 5)

        def told(_n: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            simulated_clear(survey, told=told)
        assert Participant.objects.count() == Session.objects.count() == 3
        assert (Vote.objects.count(), Exposure.objects.filter(shown__gt=0).exists()) == (6, True)
        assert agrees(survey)
        assert simulated_clear(survey) == Cleared(annotators=3, votes=6)
        for model in (Participant, Session, Vote, Break, Tally, Exposure):
            assert not model.objects.exists()

    def test_a_batch_that_fails_changes_nothing(self, survey: Survey, monkeypatch):
        judged(survey, 3)

        def broken(*_given: object) -> int:
            Vote.objects.all().delete()
            raise OSError("the disk is full")

        monkeypatch.setattr(clearing, "_delete", broken)
        with pytest.raises(OSError, match="full"):
            simulated_clear(survey)
        assert Vote.objects.count() == 6
        assert agrees(survey)

    def test_who_comes_meanwhile_stays(self, survey: Survey):
        judged(survey, 3)
        later = []

        def told(_n: int) -> None:
            if not later:
                session = session_make(survey, origin=Origin.SIMULATED)
                trials_lease(session)
                later.append(session.participant_id)

        assert simulated_clear(survey, told=told) == Cleared(annotators=3, votes=6)
        assert list(Participant.objects.values_list("pk", flat=True)) == later
        assert agrees(survey)
        assert Exposure.objects.filter(shown=1).count() == Assignment.objects.count() > 0


@pytest.mark.django_db
def test_no_row_is_read_to_be_deleted(survey: Survey):
    judged(survey, 3)
    with CaptureQueriesContext(connection) as asked:
        simulated_clear(survey)
    for query in asked:
        assert "left_token" not in query["sql"]
        assert "rendered_width" not in query["sql"]


@pytest.mark.django_db
def test_other_surveys_keep_their_annotators(survey: Survey):
    other = survey_make("other")
    judged(survey, 1)
    judged(other, 1)
    simulated_clear(survey)
    assert set(Participant.objects.values_list("survey", flat=True)) == {other.pk}
    assert Vote.objects.count() == 2
    assert counts_check(other).balanced


@pytest.mark.django_db
def test_wrong_counts_stop_nothing(survey: Survey):
    judged(survey, 2)
    Tally.objects.update(n=0)
    Exposure.objects.update(shown=0)
    assert simulated_clear(survey) == Cleared(annotators=2, votes=4)
    assert counts_check(survey).balanced


@pytest.mark.django_db
def test_the_trail_says_what_there_was_by_slug_and_title(survey: Survey):
    judged(survey, 2)
    simulated_clear(survey)
    entry = AuditEntry.objects.get()
    assert (entry.target_id, entry.target_label) == ("study", "A study")
    assert entry.detail == {"annotators": 2, "votes": 4}


def test_everything_that_belongs_to_an_annotator_is_named_before_what_it_points_to():
    order = [model for model, _path in THEIRS]
    for place, model in enumerate(order):
        pointing = {relation.related_model for relation in model._meta.related_objects}
        assert pointing <= set(order[:place]), model
