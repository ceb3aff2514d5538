"""What a survey shows, for its design."""

from survey.models import AuditEntry, Stimulus, Survey


def photos_of(survey: Survey) -> list[tuple[str, str, str]]:
    """(photo, credit, licence) of every original, by name; one query."""
    originals = Stimulus.objects.filter(survey=survey, condition=None)
    # Sorted here: databases disagree on the order of texts.
    return sorted(originals.values_list("photo", "credit", "licence"))


def design_imported(survey: Survey) -> str | None:
    """SHA-256 of the design that a survey was made of, None for any other; one query."""
    entries = AuditEntry.objects.filter(
        action="survey.import_design", target_kind="survey", target_id=survey.slug
    )
    found = entries.order_by("-pk").values_list("detail__sha256", flat=True).first()
    return None if found is None else str(found)
