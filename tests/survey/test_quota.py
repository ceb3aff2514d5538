"""Whether photos fill a quota."""

import pytest

from survey.kinds.base import Settings
from survey.quota import quota_problem


@pytest.mark.parametrize(
    ("trials", "photos", "repeats", "gap", "conditions", "fills"),
    [
        (85, 85, 1, 3, 80, True),
        (85, 84, 1, 3, 80, False),
        (20, 7, 12, 3, 80, True),
        (20, 7, 3, 0, 80, True),
        (22, 7, 3, 0, 80, False),
        # Each photo has but two pairs.
        (15, 7, 12, 0, 2, False),
        # Up to three photos may be among the last ones, with two turns left each.
        (16, 7, 3, 3, 80, False),
        (15, 7, 3, 3, 80, True),
        (1, 0, 1, 3, 80, False),
    ],
)
def test_a_quota_is_filled_or_said_to_be_too_large(trials, photos, repeats, gap, conditions, fills):
    settings = Settings(trials=trials, photo_repeats=repeats, photo_gap=gap)
    said = quota_problem(settings, photos=photos, conditions=conditions)
    assert (said == "") is fills
    assert fills or said.startswith(f"{trials} pairs a person are too many for {photos} photos:")
