"""Import an uploaded archive of photos, one by one; whoever goes on repeats none of them."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import DatasetError, JobError, JobInvalid
from models_app.importing.archives import ArchiveRefused
from models_app.importing.credits import Credit
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.models import Job
from models_app.selectors import datasets
from models_app.selectors import photo_imports as selectors
from models_app.services import photo_uploads
from models_app.services.photo_archives import ArchiveImport, Outcome, dataset_name_check
from models_app.services.photo_imports import outcome_record
from models_app.services.photo_leftovers import attempt_folder, leftovers_remove

# Names of rows without a photo that the job keeps.
NAMED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    dataset: str = option(
        gettext_lazy("Dataset"),
        gettext_lazy("What it is called; a new one is made, one that is there gets more photos."),
    )
    upload: str = option(
        gettext_lazy("Waiting file"),
        gettext_lazy("Given by the page Add photos for uploaded files."),
    )
    source: str = option(
        gettext_lazy("File"),
        gettext_lazy("What the archive was called where it came from."),
        default="",
    )
    credit: str = option(
        gettext_lazy("Credit"),
        gettext_lazy("Whose photos they are, for those of which no table of credits says it."),
        default="",
    )
    licence: str = option(
        gettext_lazy("Licence"),
        gettext_lazy("Of photos of which no table of credits says it, as in CC BY 4.0."),
        default="",
    )


class ImportPhotos:
    config_type = Config
    queues = (Job.Queue.CPU,)
    # It goes on at the next photo.
    preemptible = True

    def plan(self, config: Config) -> Plan:
        try:
            dataset_name_check(config.dataset)
        except DatasetError as error:
            raise JobInvalid(str(error), "dataset") from error
        for name, text in (("credit", config.credit), ("licence", config.licence)):
            if not text.isprintable():
                raise JobInvalid(_("It has letters that cannot be shown; write it anew."), name)
        photo_uploads.upload_name(config.upload)
        label = _("Import photos into %(name)s") % {"name": config.dataset}
        # Somebody waits in front of a page.
        return Plan(label=label, priority=5, dataset=datasets.dataset_named(config.dataset))

    def run(self, config: Config, context: Context) -> None:
        context.device("cpu")
        # A second attempt must not look for an archive that the first one has done with.
        if not context.resume.get("over"):
            self._import(config, context)
            context.save(over=True)
        photo_uploads.upload_delete(config.upload)

    def _import(self, config: Config, context: Context) -> None:
        try:
            with photo_uploads.upload_open(config.upload) as (archive, table):
                _tidy(context)
                work = ArchiveImport(
                    archive,
                    config.dataset,
                    credits=table,
                    default=Credit(config.credit, config.licence),
                    done=selectors.places_done(context.job),
                    mine=selectors.photos_mine(context.job),
                    folder=attempt_folder(context.job),
                    saving=context.saving,
                    record=lambda outcome: outcome_record(context.job, outcome),
                )
                context.result(skipped=archive.skipped, **_credits(work))
                _walk(work, context)
        except ArchiveRefused as error:
            # The same archive would be refused again; the form asks for another one.
            photo_uploads.upload_delete(config.upload)
            raise JobError(str(error)) from error


def _tidy(context: Context) -> None:
    removed = leftovers_remove(context.job)
    if removed:
        context.log(f"removed what an attempt that was killed had left half done: {removed}")


def _walk(work: ArchiveImport, context: Context) -> None:
    begun = len(selectors.places_done(context.job))
    context.progress(begun, work.total)
    for done, outcome in enumerate(work, start=begun + 1):
        _report(outcome, context)
        context.progress(done, work.total)
        context.check()
    context.result(**selectors.counts(context.job))


def _report(outcome: Outcome, context: Context) -> None:
    if outcome.photo is not None and context.job.dataset_id is None:
        context.note(dataset=outcome.photo.dataset_id)
        context.job.dataset_id = outcome.photo.dataset_id
    if outcome.kind is outcome.kind.REFUSED:
        context.log(f"{outcome.entry.path}: {outcome.reason}")


def _credits(work: ArchiveImport) -> dict[str, object]:
    """Rows of the table that no photo has, in numbers and by name."""
    found = work.credits
    return {
        "credits_unused": len(found.unused),
        "credits_unused_names": list(found.unused[:NAMED]),
        "credits_ambiguous": len(found.ambiguous),
        "credits_ambiguous_names": list(found.ambiguous[:NAMED]),
    }
