"""The front door for whoever renders pictures."""

import pytest

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
