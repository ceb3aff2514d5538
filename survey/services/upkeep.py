"""Which stored pictures must stay, and letting go of those that nobody was shown."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from survey.models import Assignment, Stimulus, Survey


def surveys_kept() -> set[int]:
    """Surveys whose pictures must stay: drafts, open ones, and all that ever handed out a pair.

    Votes must keep what was shown. One query.
    """
    handed_out = Exists(Assignment.objects.filter(survey=OuterRef("pk")))
    kept = Survey.objects.filter(~Q(state=Survey.State.CLOSED) | Q(handed_out))
    return set(kept.values_list("pk", flat=True))


@transaction.atomic
def pictures_forget(survey_id: int) -> bool:
    """Forget the pictures of a closed survey that never handed out a pair.

    False, and nothing changes, where it must keep them: somebody may have opened it meanwhile.
    """
    Survey.objects.select_for_update().get(pk=survey_id)
    if survey_id in surveys_kept():
        return False
    mine = Stimulus.objects.filter(survey=survey_id)
    mine.exclude(condition=None).delete()
    mine.delete()
    Survey.objects.filter(pk=survey_id).update(pairs_expected=0)
    return True


def picture_files() -> Iterator[str]:
    """Yield the stored files that surveys name; one query."""
    yield from Stimulus.objects.values_list("file", flat=True).iterator(chunk_size=2000)
