"""What a survey shows, for its design."""

from survey.models import Stimulus, Survey


def photos_of(survey: Survey) -> list[tuple[str, str, str]]:
    """(photo, credit, licence) of every original, by name; one query."""
    originals = Stimulus.objects.filter(survey=survey, condition=None)
    # Sorted here: databases disagree on the order of texts.
    return sorted(originals.values_list("photo", "credit", "licence"))
