"""Prepared queries say what the ORM says."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from survey.models import Assignment, Session, Survey, Vote
from survey.prepared import Prepared, PreparedInsert, PreparedUpdate
from survey.selectors import sessions
from survey.selectors.leasing import pairs_least_shown
from survey.services.leasing import trials_lease
from tests.factories import session_make, survey_make
from tests.people import Annotator

BY_TIME = Prepared(
    lambda session, side, at: (
        Assignment.objects.filter(session=session, original_side=side, leased_at__lte=at)
        .order_by("position")
        .values_list("pk", "position", "leased_at", "reopened_at", "stimulus__photo")
    ),
    int,
    str,
    datetime,
)


def test_rows_are_those_of_the_orm_every_time(survey: Survey):
    held = [session_make(survey) for _person in range(3)]
    for session in held:
        trials_lease(session)
    later = timezone.now() + timedelta(hours=1)
    for at in (later, later - timedelta(days=1)):
        for session in held:
            for side in ("left", "right"):
                wanted = BY_TIME.build(session.pk, side, at)
                assert [tuple(row) for row in BY_TIME(session.pk, side, at)] == list(wanted)
    assert any(BY_TIME(session.pk, side, later) for session in held for side in ("left", "right"))


def test_the_orm_is_asked_once(survey: Survey):
    built = []

    def build(key: str):
        built.append(key)
        return Session.objects.filter(key=key).values_list("pk")

    prepared = Prepared(build, str)
    mine = session_make(survey)
    with CaptureQueriesContext(connection) as queries:
        assert [tuple(row) for row in prepared(mine.key)] == [(mine.pk,)]
        assert prepared("nobody's") == []
    assert (len(built), len(queries)) == (1, 2)


def test_a_value_is_bound_and_never_part_of_the_sql(survey: Survey):
    prepared = Prepared(lambda key: Session.objects.filter(key=key).values_list("pk"), str)
    session_make(survey)
    assert prepared("' OR 1=1 --") == []


def test_an_argument_that_is_changed_on_its_way_is_refused():
    prepared = Prepared(lambda n: Assignment.objects.filter(position=n + 1).values_list("pk"), int)
    with pytest.raises(ValueError, match="as it is"):
        prepared._compile()


def row_of(row: Model, *without: str) -> dict[str, object]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in {"id", *without}
    }


@pytest.mark.parametrize("given", [{}, {"revised": True, "first_chosen_side": "left"}])
def test_an_inserted_row_is_what_the_orm_saves(survey: Survey, given: dict[str, object]):
    insert = PreparedInsert(Vote)
    session = session_make(survey)
    trials = trials_lease(session).trials
    rows = [
        Vote(
            survey=survey, assignment_id=trial.pk, chosen_side="left", original_preferred=True,
            response_ms=812, viewport_width=390, viewport_height=844, device_pixel_ratio=2.625,
            rendered_width=374.4, rendered_height=249, layout=Vote.Layout.STACKED,
            created_at=timezone.now(), first_created_at=timezone.now(), **given,
        )
        for trial in trials
    ]  # fmt: skip
    insert(rows[0])
    rows[1].save()
    assert not rows[0]._state.adding
    mine, theirs = Vote.objects.get(pk=rows[0].pk), Vote.objects.get(pk=rows[1].pk)
    assert row_of(mine) == row_of(rows[0])
    moments = ("assignment_id", "created_at", "first_created_at")
    assert row_of(mine, *moments) == row_of(theirs, *moments)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(rows[0])


def test_an_update_says_how_many_rows_it_changed(survey: Survey):
    skip = PreparedUpdate(
        lambda pk, reason: (
            Assignment.objects.filter(pk=pk, state="open"),
            {"state": "skipped", "skip_reason": reason},
        ),
        int,
        str,
    )
    one, other = trials_lease(session_make(survey)).trials
    assert [skip(one.pk, "odd"), skip(one.pk, "again"), skip(one.pk + 99, "odd")] == [1, 0, 0]
    states = Assignment.objects.order_by("position").values_list("pk", "state", "skip_reason")
    assert list(states) == [(one.pk, "skipped", "odd"), (other.pk, "open", "")]


def test_a_session_is_as_select_related_makes_it(annotator: Annotator):
    found = sessions.session_get(annotator.session.key, slug="study")
    wanted = Session.objects.select_related("participant__survey").get(pk=found.pk)
    for mine, theirs in (
        (found, wanted),
        (found.participant, wanted.participant),
        (found.participant.survey, wanted.participant.survey),
    ):
        values = {field.attname: getattr(mine, field.attname) for field in mine._meta.fields}
        assert values == {
            field.attname: getattr(theirs, field.attname) for field in theirs._meta.fields
        }
        assert mine == theirs
        assert not mine._state.adding


def test_blocked_pairs_fall_out_and_the_least_shown_come_first(survey: Survey):
    condition = survey.conditions.first().pk
    stimuli = dict(survey.stimuli.filter(condition=condition).values_list("photo", "pk"))
    survey.exposures.create(stimulus_id=stimuli["photo-0.jpg"], origin="person", shown=2)
    survey.exposures.create(stimulus_id=stimuli["photo-1.jpg"], origin="simulated", shown=5)

    def photos(**blocked: set) -> list[tuple[str, int]]:
        nothing = {"photos_blocked": set(), "stimuli_blocked": set()}
        found = pairs_least_shown(condition, origin="person", **{**nothing, **blocked})
        return [(pair.photo, pair.shown) for pair in found]

    assert photos()[-1] == ("photo-0.jpg", 2)
    assert sorted(photos()[:3]) == [(f"photo-{n}.jpg", 0) for n in (1, 2, 3)]
    assert "photo-2.jpg" not in dict(photos(photos_blocked={"photo-2.jpg"}))
    assert "photo-3.jpg" not in dict(photos(stimuli_blocked={stimuli["photo-3.jpg"]}))


@pytest.mark.django_db
def test_the_only_free_pair_is_found_behind_all_others():
    study = survey_make(photos=90, trials=4)
    condition = study.conditions.first().pk
    names = set(study.stimuli.filter(condition=condition).values_list("photo", flat=True))
    left = min(names)
    stimulus = study.stimuli.get(condition=condition, photo=left).pk
    study.exposures.create(stimulus_id=stimulus, origin="person", shown=7)
    found = pairs_least_shown(
        condition, origin="person", photos_blocked=names - {left}, stimuli_blocked=set()
    )
    assert [(pair.stimulus, pair.shown) for pair in found] == [(stimulus, 7)]
