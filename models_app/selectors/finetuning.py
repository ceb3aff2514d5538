"""Reads of fine-tuning runs."""

from django.db.models import Prefetch

from models_app.models import Checkpoint, Job, JobArtifact, LabelSplit

FINETUNE = "finetune"
MOST_LISTED = 200


def runs() -> list[Job]:
    """Fine-tunings, the newest first, without what only their pages show; one query."""
    jobs = Job.objects.filter(kind=FINETUNE).select_related("checkpoint", "created_by")
    return list(jobs.defer("log", "versions", "resume").order_by("-pk")[:MOST_LISTED])


def run_get(pk: int) -> Job | None:
    """A run with the weights that it made and its files; three queries."""
    jobs = Job.objects.filter(pk=pk, kind=FINETUNE)
    jobs = jobs.select_related("checkpoint", "dataset", "created_by")
    made = Prefetch("made", Checkpoint.objects.order_by("pk"))
    files = Prefetch("artifacts", JobArtifact.objects.order_by("name"))
    return jobs.prefetch_related(made, files).first()


def splits_exist() -> bool:
    """One query."""
    return LabelSplit.objects.exists()
