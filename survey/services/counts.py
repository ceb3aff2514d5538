"""Counts beside votes and leases, written in the transaction of what they count."""

from django.db import connection, transaction
from django.db.models import Count, F

from survey.models import Assignment, Exposure, Survey, Tally, Vote

# Columns of the unique indexes that decide whether a row is there.
UNIQUE: dict[type[Tally] | type[Exposure], tuple[str, ...]] = {
    Tally: (
        "survey_id", "origin", "condition_id", "original_side", "original_preferred", "layout",
    ),
    Exposure: ("stimulus_id", "origin"),
}  # fmt: skip


def tally_add(vote: Vote, *, condition: int, original_side: str, by: int = 1) -> None:
    """Count a vote, or take it out with `by` -1; one query."""
    row: dict[str, str | int | bool] = {
        "survey_id": vote.survey_id,
        "condition_id": condition,
        "origin": vote.origin,
        "original_side": original_side,
        "original_preferred": vote.original_preferred,
        "layout": vote.layout,
    }
    if by < 0:
        # Not an upsert: a row with a negative count is refused before the conflict is seen.
        Tally.objects.filter(**row).update(n=F("n") + by)
    else:
        _add(Tally, "n", by, **row)


def exposure_add(survey_id: int, stimulus: int, origin: str) -> None:
    """Count a lease; one query."""
    _add(Exposure, "shown", 1, stimulus_id=stimulus, origin=origin, survey_id=survey_id)


def _add(
    model: type[Tally] | type[Exposure], column: str, by: int, **row: str | int | bool
) -> None:
    """Add to the row that holds these values, or make it: an upsert, which the ORM cannot say.

    Names come from the models, values are bound.
    """
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    names = ", ".join(quote(name) for name in (*row, column))
    key = ", ".join(quote(name) for name in UNIQUE[model])
    value = quote(column)
    places = ", ".join(["%s"] * (len(row) + 1))
    sql = (
        f"INSERT INTO {table} ({names}) VALUES ({places}) "  # noqa: S608 - see above
        f"ON CONFLICT ({key}) DO UPDATE SET {value} = {table}.{value} + %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*row.values(), by, by])


@transaction.atomic
def counts_rebuild(survey: Survey) -> None:
    """Count all votes and leases of a survey anew; for rows that were written in bulk.

    Takes the survey's lock; reads every vote once.
    """
    Survey.objects.select_for_update().get(pk=survey.pk)
    Tally.objects.filter(survey=survey).delete()
    Exposure.objects.filter(survey=survey).delete()
    names = ("condition_id", "origin", "original_side", "original_preferred", "layout", "n")
    Tally.objects.bulk_create(
        Tally(survey=survey, **dict(zip(names, row, strict=True))) for row in votes_counted(survey)
    )
    leased = (
        Assignment.objects.filter(survey=survey)
        .values_list("stimulus", "origin")
        .annotate(n=Count("pk"))
        .order_by()
    )
    Exposure.objects.bulk_create(
        (
            Exposure(survey=survey, stimulus_id=stimulus, origin=origin, shown=n)
            for stimulus, origin, n in leased
        ),
        batch_size=2000,
    )


def votes_counted(survey: Survey) -> list[tuple[int, str, str, bool, str, int]]:
    """What the tallies should say, counted from the votes; one query that reads every vote.

    Rows of condition, origin, side of the original, original preferred, layout, votes.
    """
    return list(
        Vote.objects.filter(survey=survey)
        .values_list(
            "assignment__condition", "origin", "assignment__original_side",
            "original_preferred", "layout",
        )
        .annotate(n=Count("pk"))
        .order_by()
    )  # fmt: skip
