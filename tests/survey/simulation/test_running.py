"""Several annotators at once: everybody is seated once, and one failure ends all."""

import threading
from collections.abc import Iterator
from itertools import count

import pytest

from survey.simulation.errors import SimulationRefused
from survey.simulation.judging import Judged
from survey.simulation.running import annotators_run

VOTE = Judged("tint/0.9", True, 0.5)


@pytest.mark.parametrize("parallel", [1, 4])
def test_everybody_is_seated_once_for_their_votes(parallel: int):
    seated: list[tuple[int, int]] = []
    told = count()

    def seat(annotator: int, votes: int) -> Iterator[Judged]:
        seated.append((annotator, votes))
        for _vote in range(votes):
            yield VOTE

    judged = annotators_run(seat, [3, 2, 2, 0], parallel=parallel, told=lambda: next(told))
    assert sorted(seated) == [(0, 3), (1, 2), (2, 2)]
    assert (len(judged), next(told)) == (7, 7)


@pytest.mark.parametrize("parallel", [1, 3])
def test_what_one_meets_ends_them_all(parallel: int):
    seated: list[int] = []
    failed = threading.Event()

    def seat(annotator: int, votes: int) -> Iterator[Judged]:
        seated.append(annotator)
        yield VOTE
        if annotator == 0:
            failed.set()
            raise SimulationRefused("The site went away.")
        # The others would go on for ever.
        assert failed.wait(30)
        while True:
            yield VOTE

    with pytest.raises(SimulationRefused, match="went away"):
        annotators_run(seat, [2] * 50, parallel=parallel)
    assert len(seated) < 50
