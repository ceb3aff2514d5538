"""How long ago, in words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from survey.templatetags.times import ago


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "just now"), (30, "just now"), (61, "1\xa0minute ago"), (3 * 3600 + 600, "3\xa0hours ago"),
     (40 * 86400, "1\xa0month ago"), (-5, "just now")],
)  # fmt: skip
def test_a_time_in_words(seconds: int, words: str):
    assert ago(timezone.now() - timedelta(seconds=seconds)) == words
