"""What a simulation needs to know of a survey and of the pairs that it was shown."""

from dataclasses import dataclass

from django.db.models import Count

from survey.models import Assignment, Origin, Participant, Side, Stimulus, Survey, Vote


def pairs_a_photo(survey: Survey) -> list[int]:
    """Ready pairs of each photo that has any; one query."""
    return list(
        Stimulus.objects.filter(survey=survey, condition__isnull=False)
        .values("photo")
        .annotate(n=Count("pk"))
        .order_by()
        .values_list("n", flat=True)
    )


def votes_of(survey: Survey, origin: str) -> int:
    """One query, of the votes themselves."""
    return Vote.objects.filter(survey=survey, origin=origin).count()


def simulated_participants(survey: Survey) -> int:
    """One query."""
    return Participant.objects.filter(survey=survey, origin=Origin.SIMULATED).count()


@dataclass(frozen=True, slots=True)
class Pair:
    """What a trial shows; no participant may know it."""

    photo: str
    condition: int
    original_left: bool
    # Pixels of either picture.
    width: int
    height: int


def pair_of(token: str, *, session: int) -> Pair | None:
    """The pair behind a trial's token if it is this session's; one query."""
    row = (
        Assignment.objects.filter(token=token, session=session)
        .values_list(
            "stimulus__photo", "condition", "original_side", "stimulus__width", "stimulus__height"
        )
        .first()
    )
    if row is None:
        return None
    photo, condition, side, width, height = row
    return Pair(photo, condition, side == Side.LEFT, width, height)
