"""The front door for whoever renders pictures."""

from collections import Counter
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from survey.models import Condition, Stimulus, Survey
from survey.selectors import surveys as selectors
from survey.services.stimuli import stimuli_register
from tests.factories import CONDITIONS, picture_make


def test_registering_again_changes_nothing(survey: Survey):
    before = list(Stimulus.objects.values())
    assert stimuli_register(survey.pk, [picture_make(0), picture_make(0, CONDITIONS[0])]) == 0
    assert list(Stimulus.objects.values()) == before
    assert Condition.objects.count() == len(CONDITIONS)


def test_a_variant_is_a_pair_with_its_original(survey: Survey):
    new = stimuli_register(survey.pk, [picture_make(9, CONDITIONS[1]), picture_make(9)])
    assert new == 2
    variant = Stimulus.objects.get(photo="photo-9.jpg", condition__isnull=False)
    assert variant.reference == Stimulus.objects.get(photo="photo-9.jpg", condition=None)
    assert selectors.pairs_ready(survey) == 4 * 6 + 1


def test_half_a_pair_is_refused_and_nothing_is_written(survey: Survey):
    before = Stimulus.objects.count()
    with pytest.raises(KeyError):
        stimuli_register(survey.pk, [picture_make(8), picture_make(9, CONDITIONS[1])])
    assert Stimulus.objects.count() == before


@pytest.mark.parametrize("photos", [10, 200])
def test_it_takes_eight_queries_and_inserts_in_several_only_what_is_long(
    survey: Survey, photos: int
):
    new = replace(CONDITIONS[0], level="0.1")
    pair = (picture_make(0), replace(picture_make(0, CONDITIONS[0]), condition=new))
    pictures = [replace(one, photo=f"new-{n}.jpg") for n in range(photos) for one in pair]
    with CaptureQueriesContext(connection) as asked:
        assert stimuli_register(survey.pk, pictures) == 2 * photos
    tables = Counter(
        query["sql"].split('"')[1] for query in asked if query["sql"].startswith("INSERT")
    )
    # 1 how many pictures, 2 which originals, 3 conditions, 4 their keys, 5 how many pictures
    assert sum(query["sql"].startswith("SELECT") for query in asked) == 5
    assert tables["survey_condition"] == 1
    # Once the originals, once the others; SQLite takes some ninety rows at once.
    rows = 90 if connection.vendor == "sqlite" else photos
    assert tables["survey_stimulus"] == 2 * -(-photos // rows)
