"""A simulated annotator in front of pairs: through the services, or through a running site."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from survey.models import Origin, Session, Side, Survey
from survey.selectors.leasing import Trial
from survey.selectors.simulated import Pair
from survey.services.leasing import trials_lease
from survey.services.sessions import consent_give, instructions_seen, session_start
from survey.services.votes import Viewing, vote_record
from survey.simulation.errors import SimulationRefused
from survey.simulation.truth import Asked, Truth
from survey.simulation.viewing import viewing_make


@dataclass(frozen=True, slots=True)
class Judged:
    """A vote that was stored, and the planted chance that it prefers the original."""

    condition: str
    original_left: bool
    chance: float


@dataclass(frozen=True, slots=True)
class Answer:
    side: str
    viewing: Viewing
    judged: Judged


@dataclass(frozen=True, slots=True)
class Judge:
    """Answers pairs as the planted truth says."""

    truth: Truth
    # Key of a condition -> its name in the truth.
    names: Mapping[int, str]

    def answer(self, annotator: int, pair: Pair) -> Answer:
        """Raises SimulationRefused for a condition that came while annotators voted."""
        name = self.names.get(pair.condition)
        if name is None:
            raise SimulationRefused(
                _(
                    "New conditions were rendered meanwhile; wait until all pictures are there, "
                    "then --clear these votes and run this again."
                )
            )
        asked = Asked(annotator, pair.photo, name, pair.original_left)
        original, other = (Side.LEFT, Side.RIGHT) if pair.original_left else (Side.RIGHT, Side.LEFT)
        return Answer(
            side=original if self.truth.original_preferred(asked) else other,
            viewing=viewing_make(self.truth.seed, asked, width=pair.width, height=pair.height),
            judged=Judged(name, pair.original_left, self.truth.chance(asked)),
        )


# Seats one annotator (counted from 0) for so many votes, and gives each vote once it is stored;
# fewer come where the survey has no pair left.
Seat = Callable[[int, int], Iterator[Judged]]


def session_make(survey: Survey) -> Session:
    """Make a marked session: only here, as no browser may say of itself that it is no person."""
    return session_start(survey, origin=Origin.SIMULATED)


def services_seat(survey: Survey, judge: Judge) -> Seat:
    """Vote through the services; the same rows as by HTTP, without the web's cost."""

    def seat(annotator: int, votes: int) -> Iterator[Judged]:
        session = session_make(survey)
        consent_give(session)
        instructions_seen(session)
        progress = trials_lease(session)
        for _vote in range(votes):
            if progress.state != "pair":
                return
            trial = progress.trials[0]
            given = judge.answer(annotator, _pair(trial))
            progress = vote_record(
                session, token=trial.token, answer=given.side, viewing=given.viewing
            )
            yield given.judged

    return seat


def _pair(trial: Trial) -> Pair:
    left = trial.original_side == Side.LEFT
    return Pair(trial.photo, trial.condition, left, trial.width, trial.height)
