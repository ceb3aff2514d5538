"""Render the pictures that a survey still lacks, photo by photo."""

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import JobHandedBack
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.models import Job, SurveySource
from models_app.selectors import pictures as selectors
from models_app.services import publish, renditions

# What is left of a survey waits for whatever somebody launches by hand.
REST_PRIORITY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    survey: str = option(
        gettext_lazy("Survey"),
        gettext_lazy("Short name of the survey whose pictures are made."),
        choices=selectors.source_choices,
    )
    part: int = option(
        gettext_lazy("Part"),
        gettext_lazy("Which of several jobs that share this work, counted from 1."),
        default=1,
        low=1,
        high=64,
    )
    parts: int = option(
        gettext_lazy("Parts"),
        gettext_lazy("How many jobs share this work; each takes the photos that are free."),
        default=1,
        low=1,
        high=64,
    )


class RenderSurvey:
    config_type = Config
    queues = (Job.Queue.CPU,)
    preemptible = True

    def plan(self, config: Config) -> Plan:
        source = selectors.source_get(config.survey)
        opening = selectors.renditions_pending(source, batch=0) > 0
        label = _("Render survey %(survey)s") % {"survey": config.survey}
        if config.parts > 1:
            label += _(" (%(part)d of %(parts)d)") % {"part": config.part, "parts": config.parts}
        return Plan(
            label=label,
            priority=renditions.OPENING_PRIORITY if opening else REST_PRIORITY,
            total=selectors.renditions_total(source),
            dataset=source.dataset,
        )

    def run(self, config: Config, context: Context) -> None:
        source = selectors.source_get(config.survey)
        context.device("cpu")
        self._report(source, context)
        while (work := renditions.work_claim(source, job=context.job)) is not None:
            if work.batch and context.job.priority > REST_PRIORITY:
                raise JobHandedBack(_("every photo has its first pairs"), priority=REST_PRIORITY)
            self._render(work, context)
            self._report(source, context)
            context.check()
        context.result(**selectors.rendition_counts(config.survey))

    def _render(self, work: renditions.Work, context: Context) -> None:
        from models_app.rendering import work_render

        for _distortion, rendered in groupby(work_render(work), attrgetter("distortion")):
            # Rendered before the transaction: people vote meanwhile, and SQLite has one writer.
            done = list(rendered)
            with context.saving():
                publish.renditions_finish(done)
            # In the middle of a photo too: what is left of it is free again with the lease.
            context.check()

    def _report(self, source: SurveySource, context: Context) -> None:
        total = selectors.renditions_total(source)
        context.progress(total - selectors.renditions_pending(source), total)
