"""Surveys whose pictures are still to be rendered, and workers that claim them."""

from uuid import uuid4

from django.utils import timezone

from models_app.models import Dataset, Job, SurveySource
from models_app.services import publish, renditions
from survey.models import Survey


def make(dataset: Dataset, slug: str = "study", **settings) -> Survey:
    settings = {"long_side": 128, **settings}
    publish.survey_make(slug, title="A study", dataset=dataset.name, settings=settings)
    return Survey.objects.get(slug=slug)


def worker() -> Job:
    """A job that a worker has."""
    now = timezone.now()
    return Job.objects.create(
        kind="render_survey", label="r", queue="cpu", state="running", lease=uuid4().hex,
        created_at=now, queued_at=now, sent_at=now, heartbeat_at=now, claimed_at=now,
    )  # fmt: skip


def claim(job: Job | None = None) -> renditions.Work | None:
    return renditions.work_claim(SurveySource.objects.get(), job=job or worker())
