"""Every vote, for exports."""

from collections.abc import Iterator, Mapping, Set
from itertools import islice
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from survey.models import Session, Survey, Vote
from survey.selectors.results import PERSONS

BATCH = 2000
FIELDS = (
    "origin", "chosen_side", "original_preferred", "response_ms", "viewport_width",
    "viewport_height", "device_pixel_ratio", "rendered_width", "rendered_height", "layout",
    "focus_losses", "created_at", "revised", "first_chosen_side", "first_response_ms",
    "first_created_at", "assignment__position", "assignment__leased_at",
    "assignment__original_side", "assignment__condition_id", "assignment__session_id",
    "assignment__session__resumes", "assignment__stimulus__photo",
    "assignment__session__participant__code",
    "assignment__session__participant__consent_version",
)  # fmt: skip


def vote_batches(
    survey: Survey, *, origins: Set[str] = PERSONS
) -> Iterator[Mapping[str, tuple[Any, ...]]]:
    """Every vote in the order given, 2000 at a time, each batch as columns by the name in FIELDS.

    One query, read as it is asked for; columns, since a call a cell would cost more than the
    query. Conditions are keys: few, and known to whoever asks.
    """
    rows = (
        Vote.objects.filter(survey=survey, origin__in=origins)
        .order_by("pk")
        .values_list(*FIELDS)
        .iterator(chunk_size=BATCH)
    )
    while batch := list(islice(rows, BATCH)):
        yield dict(zip(FIELDS, zip(*batch, strict=True), strict=True))


def later_sessions(survey: Survey) -> dict[int, int]:
    """Number of every session that is not the first of its person, by its key; one query."""
    numbered = Session.objects.filter(participant__survey=survey).annotate(
        number=Window(RowNumber(), partition_by=F("participant"), order_by=F("pk").asc())
    )
    return dict(numbered.filter(number__gt=1).values_list("pk", "number"))
