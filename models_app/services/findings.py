"""Record what networks say of photos; inside `context.saving()`, so never twice and never late."""

from collections.abc import Iterable

from models_app.models import PhotoContent, PhotoScore

BATCH = 500


def scores_record(scores: Iterable[PhotoScore]) -> None:
    """Store scores; a photo that this job has scored already is scored anew."""
    PhotoScore.objects.bulk_create(
        scores,
        update_conflicts=True,
        unique_fields=["job", "photo"],
        update_fields=["mean", "sd", "distribution"],
        batch_size=BATCH,
    )


def contents_record(job: int, photos: Iterable[int], contents: Iterable[PhotoContent]) -> None:
    """Store what was found on photos; what this job found on them before is forgotten."""
    PhotoContent.objects.filter(job=job, photo__in=list(photos)).delete()
    PhotoContent.objects.bulk_create(contents, batch_size=BATCH)
