from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from models_app.models import Job
from models_app.selectors import jobs as selectors
from models_app.services.jobs import job_cancel


class Command(BaseCommand):
    help = "Cancel queued jobs and ask running ones to stop; what they saved is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("jobs", nargs="+", type=int, metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        found = selectors.jobs_get(options["jobs"])
        missing = [str(pk) for pk in options["jobs"] if pk not in found]
        if missing:
            raise CommandError(
                _("There is no job %(pks)s; nothing was cancelled. list_jobs shows what there is.")
                % {"pks": ", ".join(missing)},
                returncode=2,
            )
        for job in found.values():
            self.stdout.write(self.cancel(job))

    def cancel(self, job: Job) -> str:
        if job_cancel(job):
            job.refresh_from_db(fields=["state"])
            if job.state == Job.State.CANCELLED:
                return _("job %(pk)d cancelled") % {"pk": job.pk}
            return _("job %(pk)d was asked to stop") % {"pk": job.pk}
        job.refresh_from_db(fields=["state"])
        if job.is_over:
            return _("job %(pk)d is over already (%(state)s)") % {
                "pk": job.pk,
                "state": job.get_state_display(),
            }
        return _("job %(pk)d has been asked to stop already") % {"pk": job.pk}
