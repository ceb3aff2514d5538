"""Curves of a job, thinned out to what a screen can show, or all of their points."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from models_app.models import Job, JobMetric, JobSeries

# So many points a curve shows at most, and all curves of a page together; a page with hundreds of
# curves draws each smaller.
MOST = 1000
MOST_TOGETHER = 15_000
Point = tuple[int, float | None]

# One look-up in the index (series, step) for every place of the grid: what it costs depends on
# the points that are shown, not on those that there are.
THINNED = """
WITH RECURSIVE grid(place) AS (
    SELECT CAST(%(first)s AS bigint)
    UNION ALL
    SELECT place + %(every)s FROM grid WHERE place + %(every)s <= %(last)s
), first_of(id) AS (
    SELECT (SELECT id FROM models_app_jobmetric WHERE series_id = %(series)s
        AND step >= place AND step < place + %(every)s ORDER BY step LIMIT 1)
    FROM grid
)
SELECT step, value
FROM first_of JOIN models_app_jobmetric point ON point.id = first_of.id
ORDER BY step
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What somebody has of a curve already: up to which step, and how thinned out."""

    step: int
    every: int


@dataclass(frozen=True, slots=True)
class Curve:
    """Points in the order of their steps: the first of each `every` steps, all of them if 1.

    `more` where they follow those that were known; `last` is shown whether it is among them or not.
    """

    series: int
    name: str
    every: int
    points: list[Point]
    last: Point
    more: bool = False


def series_of(job: Job) -> list[JobSeries]:
    """One query."""
    return list(JobSeries.objects.filter(job=job).order_by("name"))


def curves(job: Job, known: dict[int, Known]) -> list[Curve]:
    """Curves with news for whoever knows `known`; one query, and up to four a curve with news."""
    found = []
    all_series = series_of(job)
    most = min(MOST, max(100, MOST_TOGETHER // max(1, len(all_series))))
    for series in all_series:
        before = known.get(series.pk)
        if before is None or before.step != series.last_step:
            curve = _curve(series, before, most)
            if curve is not None:
                found.append(curve)
    return found


def curve_named(job: Job, name: str) -> Curve | None:
    """One curve of a job, thinned out; None where there is none; up to five queries."""
    series = JobSeries.objects.filter(job=job, name=name).first()
    return _curve(series, None, MOST) if series else None


def points_all(job: Job) -> Iterator[tuple[str, int, float | None]]:
    """Every point, curve by curve; one query a curve, in chunks."""
    for series in series_of(job):
        points = JobMetric.objects.filter(series=series).order_by("step")
        for step, value in points.values_list("step", "value").iterator(chunk_size=5000):
            yield series.name, step, value


def _curve(series: JobSeries, known: Known | None, most: int) -> Curve | None:
    points = JobMetric.objects.filter(series=series).order_by("step").values_list("step", "value")
    steps = points.values_list("step", flat=True)
    # Read from the index alone: their values lie all over the table.
    is_long = bool(steps[most : most + 1])
    shown = [] if is_long else list(points)
    if not is_long and not shown:
        return None
    first, last = (steps[0], points.reverse()[0]) if is_long else (shown[0][0], shown[-1])
    every = 1
    while is_long and last[0] // every - first // every >= most:
        every *= 2
    # Thinned out or cut meanwhile: what is known is of no use.
    more = known is not None and known.every == every and known.step <= last[0]
    start = known.step + 1 if known is not None and more else first
    if is_long:
        shown = _thinned(series.pk, first=start - start % every, last=last[0], every=every)
    shown = [point for point in shown if point[0] >= start]
    return Curve(series.pk, series.name, every, shown, last, more)


def _thinned(series: int, **grid: Any) -> list[Point]:
    with connection.cursor() as cursor:
        cursor.execute(THINNED, {"series": series, **grid})
        return list(cursor.fetchall())
