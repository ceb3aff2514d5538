"""Write down what became of each file of an import."""

from models_app.models import ImportedFile, Job
from models_app.services.leases import storable
from models_app.services.photo_archives import Outcome

TEXT_MOST = 500


def outcome_record(job: Job, outcome: Outcome) -> None:
    """Record one file, in the transaction of its photo."""
    ImportedFile.objects.create(
        job=job,
        place=outcome.entry.place,
        name=storable(outcome.entry.path)[:TEXT_MOST],
        outcome=outcome.kind,
        reason=storable(outcome.reason)[:TEXT_MOST],
        photo=outcome.photo,
    )
