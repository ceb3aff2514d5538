"""Put together what a study's evaluations found: numbers, tables, figures, a page, an archive."""

import mimetypes
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.types import Undefined
from models_app.errors import JobError, JobInvalid
from models_app.findings import studies as findings
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.models import Job, Study
from models_app.selectors import studies as selectors
from models_app.studies.config import StudyConfig
from models_app.studies.marks import marks_of
from models_app.studies.report.numbers import numbers_make

TYPES = {".tex": "text/x-tex", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    study: str = option(gettext_lazy("Study"), gettext_lazy("Whose parts are reported."))


class StudyReport:
    config_type = Config
    # It takes seconds, at most minutes, and keeps nothing half-way.
    preemptible = False
    queues = (Job.Queue.CPU,)

    def plan(self, config: Config) -> Plan:
        study = study_get(config.study)
        return Plan(label=_("Report of the study %(name)s") % {"name": study.name})

    def run(self, config: Config, context: Context) -> None:
        study = study_get(config.study)
        if findings.generated_find(study) and not study.is_generated:
            # Weights that came of drawn images were reused: the study says so from now on.
            study.is_generated = True
            study.save(update_fields=["is_generated"])
        context.stage(_("comparing"))
        inputs = findings.inputs_collect(study)
        try:
            numbers = numbers_make(
                StudyConfig.from_json(study.config),
                inputs,
                marks=marks_of(study.config, is_generated=study.is_generated),
            )
        except Undefined as error:
            raise JobError(str(error)) from error
        context.check()
        context.stage(_("drawing"))
        files = findings.files_make(study, numbers)
        files[findings.ARCHIVE] = findings.archive_make(files)
        for name, content in files.items():
            context.check()
            kind = TYPES.get(name[name.rindex(".") :]) or mimetypes.guess_type(name)[0]
            context.artifact(name, content, kind or "application/octet-stream")
        context.result(study=study.name, missing=len(inputs.missing), **_figures(numbers))


def study_get(name: str) -> Study:
    """Raises JobInvalid."""
    found = selectors.study_named(name)
    if found is None:
        raise JobInvalid(
            _("There is no study %(name)s; it may have been deleted.") % {"name": name}, "study"
        )
    return found


def _figures(numbers: dict[str, object]) -> dict[str, object]:
    """What the job's page says; the study's own page has all of it."""
    return {"remarks": numbers["marks"]}
