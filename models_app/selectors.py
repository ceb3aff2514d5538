"""Reads for dashboard, commands and tasks."""

from typing import Any

from django.db.models import Count

from models_app.models import Rendition, SurveySource


def source_filter(source: SurveySource) -> dict[str, Any]:
    """Which renditions a survey shows."""
    return {
        "photo__dataset": source.dataset_id,
        "preset": source.preset,
        "long_side": source.long_side,
        "encoding": source.encoding,
    }


def rendition_counts(slug: str) -> dict[str, Any]:
    """Pictures of a survey by state, and the first errors; three queries."""
    source = SurveySource.objects.filter(survey__slug=slug).first()
    counts: dict[str, Any] = dict.fromkeys(Rendition.State.values, 0)
    if source is None:
        return {**counts, "errors": []}
    mine = Rendition.objects.filter(**source_filter(source))
    counts |= dict(mine.values_list("state").annotate(n=Count("pk")).order_by())
    failed = mine.filter(state=Rendition.State.FAILED).select_related("photo")[:5]
    return {**counts, "errors": [f"{r.photo.name}: {r.error}" for r in failed]}


def renditions_missing() -> int:
    """One query, answered by the index rendition_pending."""
    return Rendition.objects.filter(state=Rendition.State.PENDING).count()
