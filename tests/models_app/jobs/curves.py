"""Curves as they are stored."""

from models_app.models import JobMetric


def points(name: str = "number") -> list[tuple[int, float | None]]:
    found = JobMetric.objects.filter(series__name=name).order_by("step")
    return list(found.values_list("step", "value"))
