"""Whose photos a survey shows, as it is known now."""

from survey.designs.pictures import photo_credits
from survey.models import Survey
from survey.selectors.designs import photos_of


def credits_of(survey: Survey) -> list[tuple[str, str, str]]:
    """(photo, credit, licence) of every original, by name; two queries.

    What was noted with a picture holds only where its photo is not known here: credits are
    corrected later too.
    """
    now = photo_credits(survey.pk)
    return [
        (photo, *now.get(photo, (credit, licence))) for photo, credit, licence in photos_of(survey)
    ]
