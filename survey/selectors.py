"""Every read of more than one row; each says what it costs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from survey.errors import SessionMissing
from survey.models import Assignment, Condition, Participant, Session, Stimulus, Survey, Vote
from survey.pairing.base import Candidate, Shown

STATES = Assignment.State


def surveys_open() -> QuerySet[Survey]:
    """One query."""
    return Survey.objects.filter(state=Survey.State.OPEN)


def surveys_open_ready() -> list[tuple[Survey, int]]:
    """Open surveys, each with its ready pairs; one query."""
    ready = Count("stimuli", filter=Q(stimuli__condition__isnull=False))
    return [(survey, survey.ready) for survey in surveys_open().annotate(ready=ready)]


def surveys_all() -> QuerySet[Survey]:
    """One query, newest first."""
    return Survey.objects.order_by("-created_at")


@dataclass(frozen=True, slots=True)
class Tally:
    """What the overview shows of a survey; staff previews left out."""

    votes: int = 0
    originals: int = 0
    # People with at least one vote.
    participants: int = 0
    pairs_ready: int = 0


def tallies() -> dict[int, Tally]:
    """Tallies by survey, for every survey that has a vote or a pair; two queries."""
    ready = dict(
        Stimulus.objects.filter(condition__isnull=False)
        .values_list("survey")
        .annotate(n=Count("pk"))
        .order_by()
    )
    voted = (
        Vote.objects.filter(assignment__is_preview=False)
        .values_list("assignment__survey")
        .annotate(
            n=Count("pk"),
            originals=Count("pk", filter=Q(original_preferred=True)),
            participants=Count("assignment__session__participant", distinct=True),
        )
        .order_by()
    )
    found = {
        survey: Tally(n, originals, participants, ready.pop(survey, 0))
        for survey, n, originals, participants in voted
    }
    return found | {survey: Tally(pairs_ready=n) for survey, n in ready.items()}


def votes_of(survey: Survey, *, previews: bool = False) -> QuerySet[Vote]:
    votes = Vote.objects.filter(assignment__survey=survey)
    return votes if previews else votes.filter(assignment__is_preview=False)


def pairs_ready(survey: Survey) -> int:
    """One query: a filtered stimulus exists only beside its original."""
    return Stimulus.objects.filter(survey=survey, condition__isnull=False).count()


def pair_bytes_mean(survey: Survey) -> float | None:
    """Mean bytes of a pair as served (both sides padded to the longer); one query."""
    sizes = Stimulus.objects.filter(survey=survey, condition__isnull=False).values_list(
        "bytes", "reference__bytes"
    )[:500]
    longer = [2 * max(size, reference or 0) for size, reference in sizes]
    return sum(longer) / len(longer) if longer else None


def session_get(key: str, *, survey: Survey) -> Session:
    """One query; raises SessionMissing."""
    session = (
        Session.objects.select_related("participant__survey")
        .filter(key=key, participant__survey=survey)
        .first()
    )
    if session is None:
        raise SessionMissing
    return session


def condition_counts(survey: Survey, *, now: datetime) -> dict[int, int]:
    """Votes and open leases a condition with at least one ready pair; two queries.

    Both are answered by an index alone (assignment_condition_count, stimulus_condition_photo).
    """
    ready = Condition.objects.filter(
        Exists(Stimulus.objects.filter(condition=OuterRef("pk"))), survey=survey
    )
    counts = dict.fromkeys(ready.values_list("pk", flat=True), 0)
    counted = (
        Assignment.objects.filter(
            Q(state=STATES.VOTED) | Q(state=STATES.OPEN, expires_at__gt=now),
            survey=survey,
            is_preview=False,
        )
        .values_list("condition")
        .annotate(n=Count("pk"))
    )
    for condition, n in counted:
        if condition in counts:
            counts[condition] = n
    return counts


def candidates(
    condition: int,
    *,
    photos_blocked: Sequence[str],
    stimuli_blocked: Sequence[int],
    now: datetime,
) -> list[Candidate]:
    """Least-shown pairs of a condition that a person may still see, drawn at random; one query.

    A few are enough to choose from, and a survey may have thousands of photos.
    """
    # A skipped trial counts: a pair whose picture is broken must not stay the least shown for ever.
    shown = Q(assignments__is_preview=False) & (
        Q(assignments__state__in=[STATES.VOTED, STATES.SKIPPED])
        | Q(assignments__state=STATES.OPEN, assignments__expires_at__gt=now)
    )
    rows = (
        Stimulus.objects.filter(condition=condition)
        .exclude(photo__in=photos_blocked)
        .exclude(pk__in=stimuli_blocked)
        .annotate(shown=Count("assignments", filter=shown))
        .order_by("shown", "?")
        .values_list("pk", "shown")[:20]
    )
    return [Candidate(stimulus, shown) for stimulus, shown in rows]


@dataclass(frozen=True, slots=True)
class History:
    """What a person has been shown, oldest first."""

    shown: list[Shown]
    photos: list[str]
    stimuli: list[int]
    last_position: int


def history(participant: Participant) -> History:
    """One query, one row a trial of this person."""
    rows = list(
        Assignment.objects.filter(session__participant=participant)
        .order_by("leased_at", "position")
        .values_list("condition", "original_side", "stimulus__photo", "stimulus", "position")
    )
    return History(
        [Shown(condition, side == "left") for condition, side, *_ in rows],
        [photo for _, _, photo, _, _ in rows],
        [stimulus for *_, stimulus, _ in rows],
        max((position for *_, position in rows), default=0),
    )


def trials_open(session: Session) -> list[Assignment]:
    """Open leases of a session in the order they are shown; one query."""
    return list(
        session.assignments.filter(state=STATES.OPEN)
        .select_related("stimulus__reference", "survey")
        .order_by("position")
    )


def skips_count(session: Session) -> int:
    """One query."""
    return session.assignments.filter(state=STATES.SKIPPED).count()


def votes_count(session: Session) -> int:
    """One query."""
    return session.assignments.filter(state=STATES.VOTED).count()


def picture_get(token: str, *, session_key: str) -> tuple[Assignment, bool] | None:
    """The trial behind a picture's token if this session holds it, and whether it is the original.

    One query: the token is unique on either side.
    """
    assignment = (
        Assignment.objects.select_related("stimulus__reference")
        .filter(Q(left_token=token) | Q(right_token=token), session__key=session_key)
        .first()
    )
    if assignment is None:
        return None
    side = "left" if assignment.left_token == token else "right"
    return assignment, side == assignment.original_side


def ledger(survey: Survey, *, now: datetime) -> dict[str, int]:
    """What became of every trial, previews left out; three queries.

    `shown` comes from the trial numbers of the sessions and `voted` from the votes themselves, so
    that `difference` (shown - voted - skipped - expired - open) would betray a lost row. A lease
    that lapsed counts as expired, although its person may still come back to it.
    """
    trials = Assignment.objects.filter(survey=survey, is_preview=False)
    lapsed = Q(state=STATES.OPEN, expires_at__lte=now)
    counts = trials.aggregate(
        skipped=Count("pk", filter=Q(state=STATES.SKIPPED)),
        expired=Count("pk", filter=Q(state=STATES.EXPIRED) | lapsed),
        open=Count("pk", filter=Q(state=STATES.OPEN, expires_at__gt=now)),
    )
    last = trials.values("session").annotate(last=Max("position")).aggregate(n=Sum("last"))["n"]
    shown, voted = int(last or 0), votes_of(survey).count()
    accounted = voted + sum(counts.values())
    return {"shown": shown, "voted": voted, **counts, "difference": shown - accounted}


def participants_count(survey: Survey) -> dict[str, int]:
    """People with at least one vote, people who finished, staff previews; one query."""
    return survey.participants.aggregate(
        voted=Count(
            "pk",
            filter=Q(is_preview=False, sessions__assignments__vote__isnull=False),
            distinct=True,
        ),
        finished=Count(
            "pk", filter=Q(is_preview=False, sessions__finished_at__isnull=False), distinct=True
        ),
        previews=Count("pk", filter=Q(is_preview=True), distinct=True),
    )


def outcome_counts(survey: Survey) -> list[tuple[int, str, bool, str, int]]:
    """Votes by condition, side of the original, outcome and layout; one query.

    At most conditions x 8 rows, however many votes there are.
    """
    return list(
        votes_of(survey)
        .values_list(
            "assignment__condition", "assignment__original_side", "original_preferred", "layout"
        )
        .annotate(n=Count("pk"))
        .order_by()
    )


def conditions_of(survey: Survey) -> list[Condition]:
    """One query."""
    return list(survey.conditions.order_by("distortion", "step"))


def credits_of(survey: Survey) -> list[tuple[str, str]]:
    """(photo, credit) of the originals that carry one; one query."""
    return list(
        Stimulus.objects.filter(survey=survey, condition=None)
        .exclude(credit="")
        .order_by("photo")
        .values_list("photo", "credit")
    )


def vote_rows(survey: Survey, *, previews: bool) -> Iterator[Mapping[str, Any]]:
    """Every vote with what the export needs, in the order given; one query, 2000 rows at a time."""
    return (
        votes_of(survey, previews=previews)
        .order_by("pk")
        .values(
            "chosen_side", "original_preferred", "response_ms", "viewport_width",
            "viewport_height", "device_pixel_ratio", "rendered_width", "rendered_height",
            "layout", "focus_losses", "created_at",
            "assignment__position", "assignment__leased_at", "assignment__original_side",
            "assignment__is_preview", "assignment__session_id", "assignment__stimulus__photo",
            "assignment__condition__distortion", "assignment__condition__level",
            "assignment__condition__label", "assignment__condition__aspect",
            "assignment__condition__step", "assignment__condition__note",
            "assignment__session__participant__code",
            "assignment__session__participant__consent_version",
        )
        .iterator(chunk_size=2000)
    )  # fmt: skip
