"""One walk over the real site, sides drawn anew: the whole family alarms as rarely as promised."""

import random
from collections import defaultdict
from dataclasses import replace

import pytest

from survey.blinding.audit import pairs_audit
from survey.blinding.base import Shown as Pair
from survey.blinding.server import site_serve
from survey.blinding.walk import pairs_fetch
from survey.pairing.balanced import original_left
from survey.pairing.base import Shown
from tests.factories import survey_make

pytestmark = pytest.mark.django_db(transaction=True)

PAIRS, RUNS, ALPHA = 32, 150, 0.2


def redrawn(pairs: list[Pair], rng: random.Random) -> list[Pair]:
    """The same pairs, each on a side that the survey's own coin draws for its session."""
    history: dict[int, list[Shown]] = defaultdict(list)
    found = []
    for pair in pairs:
        session = history[pair.trial.participant]
        left = original_left(0, session, rng)
        session.append(Shown(0, left))
        found.append(replace(pair, truth=replace(pair.truth, original_left=left)))
    return found


@pytest.mark.slow
def test_the_family_alarms_as_rarely_as_promised():
    survey = survey_make(photos=7, trials=16, photo_repeats=6)
    with site_serve() as site:
        pairs = pairs_fetch(survey, site, pairs=PAIRS, rng=random.Random(1))
    rng = random.Random(2)
    audits = [pairs_audit(redrawn(pairs, rng), seed=run, alpha=ALPHA) for run in range(RUNS)]
    assert min(audit.tests for audit in audits) > 20
    alarms = sum(bool(audit.leaks) for audit in audits)
    # Five standard errors above the level.
    assert alarms / RUNS <= ALPHA + 5 * (ALPHA * (1 - ALPHA) / RUNS) ** 0.5
