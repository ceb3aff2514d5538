"""Counts for the results page, the same cost with ten votes and with a million.

`origins` says whose votes: participants only, unless somebody asks for previews or simulations.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Aggregate, Count, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from survey.models import Assignment, Exposure, Origin, Survey, Tally, Vote
from survey.skips import SkipReason

STATES = Assignment.State
PERSONS: frozenset[str] = frozenset({Origin.PERSON})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Votes that share all of this."""

    origin: str
    condition: int
    original_side: str
    original_preferred: bool
    layout: str
    n: int


def outcome_counts(survey: Survey) -> list[Outcome]:
    """Votes of every origin by condition, side of the original, outcome and layout.

    One query of tallies: at most conditions x 24 rows, however many votes there are.
    """
    rows = (
        Tally.objects.filter(survey=survey, n__gt=0)
        .order_by()
        .values_list("origin", "condition", "original_side", "original_preferred", "layout", "n")
    )
    return [Outcome(*row) for row in rows]


def ledger(survey: Survey, *, now: datetime, origins: Set[str] = PERSONS) -> dict[str, int]:
    """What became of every trial; one query of counts, each answered by an index or by tallies.

    One, so that all of them are of the same moment: people vote meanwhile. `shown` comes from the
    exposures and `voted` from the votes themselves, so that `difference`
    (shown - voted - skipped - expired - open) would betray a lost row; `uncounted` (voted - votes
    in the tallies that results read) would betray a wrong count. A lease that lapsed counts as
    expired, although its person may still come back to it.
    """
    mine = Q(survey=survey, origin__in=origins)
    trials = Assignment.objects.filter(mine)
    pending = trials.filter(state=STATES.OPEN)
    counts = {
        "shown": _whole(Exposure.objects.filter(mine), Sum("shown")),
        "voted": _whole(Vote.objects.filter(mine)),
        "skipped": _whole(trials.filter(state=STATES.SKIPPED)),
        "expired": _whole(trials.filter(state=STATES.EXPIRED))
        + _whole(pending.filter(expires_at__lte=now)),
        "open": _whole(pending.filter(expires_at__gt=now)),
        "tallied": _whole(Tally.objects.filter(mine), Sum("n")),
    }
    found: dict[str, Any] = dict(Survey.objects.filter(pk=survey.pk).values(**counts).get())
    tallied = found.pop("tallied")
    ends = found["voted"] + found["skipped"] + found["expired"] + found["open"]
    return {**found, "difference": found["shown"] - ends, "uncounted": found["voted"] - tallied}


def _whole(rows: QuerySet[Any], what: Aggregate | None = None) -> Combinable:
    """The count, or another total, of rows of one survey as part of a larger query."""
    totals = rows.order_by().values("survey").annotate(total=what or Count("pk")).values("total")
    return Coalesce(Subquery(totals), 0)


def skips_count(survey: Survey, *, origins: Set[str] = PERSONS) -> dict[str, int]:
    """Skipped trials by reason, every reason named; one query that reads the skipped rows."""
    counts = (
        Assignment.objects.filter(survey=survey, origin__in=origins, state=STATES.SKIPPED)
        .values_list("skip_reason")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return dict.fromkeys(SkipReason.values, 0) | dict(counts)


def participants_count(survey: Survey, *, origins: Set[str] = PERSONS) -> dict[str, int]:
    """People with at least one vote, people who finished, and who is marked; one query."""
    mine = Q(origin__in=origins)
    return survey.participants.aggregate(
        # A person has a row for each session.
        voted=Count("pk", filter=mine & Q(voted_at__isnull=False), distinct=True),
        finished=Count("pk", filter=mine & Q(sessions__finished_at__isnull=False), distinct=True),
        previews=Count("pk", filter=Q(origin=Origin.TEST), distinct=True),
        simulated=Count("pk", filter=Q(origin=Origin.SIMULATED), distinct=True),
    )
