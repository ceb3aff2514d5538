"""Run all annotators of a simulation, one after the other or several at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event, Lock

from django.db import connections
from django.utils.translation import gettext as _

from survey.models import Origin, Survey
from survey.selectors.simulated import simulated_participants, votes_of
from survey.simulation.errors import SimulationRefused
from survey.simulation.judging import Judged, Seat


def survey_check(survey: Survey) -> None:
    """Refuse a survey that holds a person's vote, or an earlier simulation; two queries."""
    people = votes_of(survey, Origin.PERSON)
    if people:
        raise SimulationRefused(
            _(
                "Survey %(slug)s holds real votes (%(n)d), and simulated ones are not mixed with "
                "those; make a survey of its own with create_survey."
            )
            % {"slug": survey.slug, "n": people}
        )
    earlier = simulated_participants(survey)
    if earlier:
        raise SimulationRefused(
            _(
                "Survey %(slug)s holds simulated annotators already (%(n)d); delete them and their "
                "votes with --clear, then run this again."
            )
            % {"slug": survey.slug, "n": earlier}
        )


def annotators_run(
    seat: Seat,
    votes: Sequence[int],
    *,
    parallel: int,
    told: Callable[[], object] = lambda: None,
) -> list[Judged]:
    """Seat every annotator for their votes; returns what was judged. `told` hears of each vote.

    `votes` are those of each annotator; who has none sits nowhere. What a seat raises ends them
    all; votes that are stored stay.
    """
    judged: list[Judged] = []
    lock, stop = Lock(), Event()

    def sit(annotator: int) -> None:
        for vote in seat(annotator, votes[annotator]):
            with lock:
                judged.append(vote)
                told()
            if stop.is_set():
                return

    busy = [annotator for annotator, n in enumerate(votes) if n]
    if parallel > 1:
        _together(sit, busy, parallel, stop)
    else:
        for annotator in busy:
            sit(annotator)
    return judged


def _together(
    sit: Callable[[int], None], annotators: Sequence[int], parallel: int, stop: Event
) -> None:
    """Call `sit` for each in threads; at the first failure set `stop`, wait for all, raise it."""

    def alone(annotator: int) -> None:
        try:
            sit(annotator)
        finally:
            # This thread's own; Django would keep it until the thread ends.
            connections.close_all()

    with ThreadPoolExecutor(parallel) as pool:
        running = [pool.submit(alone, annotator) for annotator in annotators]
        try:
            done, _others = wait(running, return_when=FIRST_EXCEPTION)
        finally:
            # Also on Ctrl-C: whoever sits ends with the vote at hand, nobody else sits down.
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
    for future in done:
        future.result()
