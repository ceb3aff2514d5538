"""What people write down about a checkpoint."""

import hashlib

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from models_app.errors import JobConflict, JobInvalid
from models_app.models import Checkpoint
from models_app.services.leases import storable
from survey.services.audit import audit_record

LONGEST = 10_000


def notes_key(checkpoint: Checkpoint) -> str:
    """Tell the notes that a form was made of from those of now."""
    return hashlib.sha256(checkpoint.notes.encode()).hexdigest()[:16]


@transaction.atomic
def notes_write(checkpoint: Checkpoint, text: str, *, known: str, by: User | None) -> None:
    """Replace a checkpoint's notes. Raises JobInvalid, JobConflict.

    `known` is the `notes_key` of the notes that were edited: what somebody else wrote meanwhile is
    not lost.
    """
    text = storable(text.replace("\r\n", "\n").strip())
    if len(text) > LONGEST:
        raise JobInvalid(
            _("The notes have %(n)d letters; allowed are %(most)d.")
            % {"n": len(text), "most": LONGEST},
            "notes",
        )
    found = Checkpoint.objects.select_for_update().get(pk=checkpoint.pk)
    if notes_key(found) != known:
        raise JobConflict(
            _("Somebody else has changed the notes meanwhile; look at theirs, then write yours.")
        )
    if found.notes == text:
        return
    before, found.notes = found.notes, text
    found.save(update_fields=["notes"])
    audit_record(
        actor=by,
        action="checkpoint.notes",
        target="checkpoint",
        target_id=found.pk,
        label=found.name,
        detail={"before": before, "after": text},
    )
