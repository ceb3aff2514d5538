"""Which photos a survey of a dataset shows, and what it still waits for (SURVEY_PICTURES)."""

from django.db.models import Exists, OuterRef, Q

from models_app.models import Photo, Rendition, SurveySource
from models_app.selectors.pictures import renditions_pending, renditions_total
from models_app.services.renditions import ORIGINAL

State = Rendition.State


def pictures_waiting(survey_id: int) -> int | None:
    """Count pictures that are still to be made, None before they are planned; three queries.

    0 for a survey that shows no dataset.
    """
    source = SurveySource.objects.filter(survey=survey_id).first()
    if source is None:
        return 0
    if not renditions_total(source):
        return None
    return renditions_pending(source)


def dataset_photos(
    dataset: str, preset: str, long_side: int, encoding: str
) -> list[tuple[str, str]]:
    """(name, pixel_sha256) of the photos that a survey with these settings shows; one query.

    An excluded photo is shown where its pictures were planned before, one whose original could
    not be made is not.
    """
    originals = Rendition.objects.filter(
        photo=OuterRef("pk"),
        distortion=ORIGINAL,
        preset=preset,
        long_side=long_side,
        encoding=encoding,
    )
    shown = Photo.objects.filter(dataset__name=dataset).filter(
        Q(excluded_at=None) | Exists(originals)
    )
    shown = shown.exclude(Exists(originals.filter(state=State.FAILED)))
    return sorted(shown.values_list("name", "pixel_sha256"))
