"""What an assignment needs to know; asked under the survey's lock, so every read is short."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from survey.models import Assignment, Condition, Exposure, Session, Stimulus, Survey
from survey.pairing.base import Candidate, Shown
from survey.prepared import Prepared
from survey.skips import SkipReason

STATES = Assignment.State
# Pairs to choose from.
ENOUGH = 20


class Trial(NamedTuple):
    """A trial of a session, as leasing and the browser's page need it.

    A tuple, for each vote makes one of every earlier trial.
    """

    pk: int
    position: int
    state: str
    token: str
    revision_token: str | None
    # Since when a vote that was taken back is asked for again.
    reopened_at: datetime | None
    left_token: str
    right_token: str
    original_side: str
    expires_at: datetime
    condition: int
    stimulus: int
    photo: str
    # Pixels of either picture.
    width: int
    height: int
    # When the answer that counts was given.
    voted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """All trials of a session, oldest first."""

    trials: tuple[Trial, ...]

    def in_state(self, state: str) -> list[Trial]:
        return [trial for trial in self.trials if trial.state == state]

    @property
    def done(self) -> int:
        """How many pairs were judged."""
        return len(self.in_state(STATES.VOTED))

    @property
    def reopened(self) -> list[Trial]:
        """Votes taken back and not yet given anew; the first answers count meanwhile."""
        return [trial for trial in self.trials if trial.reopened_at is not None]

    @property
    def last_voted(self) -> Trial | None:
        """The trial whose answer was given last, in whatever order the pairs came."""
        given = [(t.voted_at, t.position, t) for t in self.trials if t.voted_at is not None]
        return max(given)[-1] if given else None

    @property
    def last_position(self) -> int:
        return self.trials[-1].position if self.trials else 0

    @property
    def shown(self) -> list[Shown]:
        return [Shown(trial.condition, trial.original_side == "left") for trial in self.trials]

    def changed(self, new: Trial) -> "History":
        """The same history with another state of one of its trials."""
        return History(tuple(new if trial.pk == new.pk else trial for trial in self.trials))

    def find(self, token: str) -> Trial | None:
        """The trial of a token, be it of its first or its second presentation."""
        return next((t for t in self.trials if token in {t.token, t.revision_token}), None)


def history(session: Session) -> History:
    """One query, one row a trial."""
    return History(tuple(map(Trial._make, _TRIALS(session.pk))))


_TRIALS = Prepared(
    lambda session: Assignment.objects.filter(session=session)
    .order_by("position")
    .values_list(
        "pk", "position", "state", "token", "revision_token", "reopened_at", "left_token",
        "right_token", "original_side", "expires_at", "condition", "stimulus",
        "stimulus__photo", "stimulus__width", "stimulus__height", "vote__created_at",
    ),
    int,
)  # fmt: skip


def skips_count(session: Session) -> dict[str, int]:
    """Skipped trials of a session by reason; one query."""
    skipped = session.assignments.filter(state=STATES.SKIPPED)
    return dict(skipped.values_list("skip_reason").annotate(n=Count("pk")).order_by())


def condition_counts(survey: Survey, *, origin: str, now: datetime) -> dict[int, int]:
    """Votes, open leases and failed pairs a condition with at least one ready pair; three queries.

    Failed ones count, or a condition whose pictures are broken would stay the least voted and be
    shown to everybody first. Only those of one origin: simulated annotators and previews never
    move the balance of people.
    """
    counts: dict[int, int] = dict(map(tuple, _VOTES(survey.pk, origin)))
    for condition, n in (*_LEASES(survey.pk, origin, now), *_FAILED(survey.pk, origin)):
        if condition in counts:
            counts[condition] += n
    return counts


def pair_exists(survey: Survey, *, photos_blocked: Set[str], stimuli_blocked: Set[int]) -> bool:
    """Tell whether any ready pair is left for a person; one query."""
    ready = Stimulus.objects.filter(survey=survey, condition__isnull=False)
    free = ready.exclude(photo__in=photos_blocked).exclude(pk__in=stimuli_blocked)
    return free.exists()


_VOTES = Prepared(
    lambda survey, origin: (
        Condition.objects.filter(
            Exists(Stimulus.objects.filter(condition=OuterRef("pk"))), survey=survey
        )
        .annotate(votes=Coalesce(Sum("tallies__n", filter=Q(tallies__origin=origin)), 0))
        .order_by()
        .values_list("pk", "votes")
    ),
    int,
    str,
)
_LEASES = Prepared(
    lambda survey, origin, now: (
        Assignment.objects.filter(
            survey=survey, origin=origin, state=STATES.OPEN, expires_at__gt=now
        )
        .values_list("condition")
        .annotate(n=Count("pk"))
        .order_by()
    ),
    int,
    str,
    datetime,
)
_FAILED = Prepared(
    lambda survey, origin: (
        # As the partial index says it.
        Assignment.objects.filter(
            survey=survey, origin=origin, skip_reason=SkipReason.PICTURE_FAILED
        )
        .values_list("condition")
        .annotate(n=Count("pk"))
        .order_by()
    ),
    int,
    str,
)


class Pair(NamedTuple):
    """A pair that a person may still see."""

    stimulus: int
    photo: str
    width: int
    height: int
    # How often it was leased to people of this origin.
    shown: int

    @property
    def candidate(self) -> Candidate:
        return Candidate(self.stimulus, self.shown)


def pairs_least_shown(
    condition: int,
    *,
    origin: str,
    photos_blocked: Set[str],
    stimuli_blocked: Set[int],
) -> list[Pair]:
    """Least-shown pairs of a condition that a person may still see, drawn at random; one query.

    A few are enough to choose from, and a survey may have thousands of photos. Skipped trials
    count as shown: a pair whose picture is broken must not stay the least shown for ever.
    """
    # A photo has one pair a condition: no more than these fall out of the rows.
    blocked = len(photos_blocked) + len(stimuli_blocked)
    # Who was shown a pair has made it one of the more shown: the first few rows nearly always do.
    free: list[Pair] = []
    for limit in sorted({_rounded(ENOUGH), _rounded(ENOUGH + blocked)}):
        pairs = map(Pair._make, _least_shown(limit)(condition, origin))
        free = [
            pair
            for pair in pairs
            if pair.photo not in photos_blocked and pair.stimulus not in stimuli_blocked
        ]
        if free:
            break
    return free[:ENOUGH]


def _rounded(rows: int) -> int:
    """Few statements are compiled, whatever the number of trials."""
    return -(-rows // 64) * 64


@cache
def _least_shown(limit: int) -> Prepared:
    def build(condition: int, origin: str) -> QuerySet[Stimulus, Any]:
        shown = Exposure.objects.filter(stimulus=OuterRef("pk"), origin=origin).values("shown")
        return (
            Stimulus.objects.filter(condition=condition)
            .annotate(shown=Coalesce(Subquery(shown), 0))
            .order_by("shown", "?")
            .values_list("pk", "photo", "width", "height", "shown")[:limit]
        )

    return Prepared(build, int, str)
