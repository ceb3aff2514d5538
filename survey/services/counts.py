"""Counts beside votes and leases, written in the transaction of what they count."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from django.db import connection, transaction
from django.db.models import Count, F
from django.db.models.functions import Greatest

from survey.models import Assignment, Exposure, Survey, Tally, Vote

# Columns of the unique indexes that decide whether a row is there.
UNIQUE: dict[type[Tally] | type[Exposure], tuple[str, ...]] = {
    Tally: (
        "survey_id", "origin", "condition_id", "original_side", "original_preferred", "layout",
    ),
    Exposure: ("stimulus_id", "origin"),
}  # fmt: skip
# Keys in one statement; SQLite takes 32,766 values.
KEYS = 500


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


def counts_take(survey: Survey, sessions: Sequence[int], *, origin: str) -> None:
    """Take the votes and leases of these sessions out of the counts, before they are deleted.

    For a caller that holds the survey's lock. Reads the trials of these sessions only, and one
    tally a kind of vote. All sessions are of one origin.
    """
    given = (
        Vote.objects.filter(assignment__session__in=sessions)
        .values_list(
            "assignment__condition", "assignment__original_side", "original_preferred", "layout"
        )
        .annotate(n=Count("pk"))
        .order_by()
    )
    votes = {tuple(row[:-1]): row[-1] for row in given}
    kinds = Tally.objects.filter(survey=survey, origin=origin).values_list(
        "condition", "original_side", "original_preferred", "layout", "pk"
    )
    for keys, n in _alike({row[-1]: votes.get(tuple(row[:-1]), 0) for row in kinds}):
        Tally.objects.filter(pk__in=keys).update(n=Greatest(F("n") - n, 0))
    leased = Assignment.objects.filter(session__in=sessions).values_list("stimulus", flat=True)
    for keys, n in _alike(Counter(leased)):
        pairs = Exposure.objects.filter(origin=origin, stimulus__in=keys)
        # A count that was too low before is for check_counts to tell, and stops nothing here.
        pairs.update(shown=Greatest(F("shown") - n, 0))


def _alike(counts: Mapping[int, int]) -> list[tuple[list[int], int]]:
    """Keys that share a count, a few hundred at a time: one statement for each; none for 0."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for key, n in counts.items():
        if n:
            found[n].append(key)
    return [
        (keys[at : at + KEYS], n) for n, keys in found.items() for at in range(0, len(keys), KEYS)
    ]


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
