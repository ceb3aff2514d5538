import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from models_app.clock import db_now
from models_app.errors import JobConflict, JobError, JobInvalid
from models_app.findings.studies import study_marks
from models_app.jobs import words
from models_app.management.commands.launch_job import INTERRUPTED, config_read
from models_app.models import Study
from models_app.selectors import studies as selectors
from models_app.services import studies
from models_app.studies.config import StudyConfig

LOOK_S = 2.0


class Command(BaseCommand):
    help = "Start a study from its configuration, or go on with the one of that name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="configuration as JSON, - for stdin")
        parser.add_argument("--name", help="over the one in the file")
        parser.add_argument(
            "--fresh", action="store_true", help="do everything anew, also what is there already"
        )
        parser.add_argument(
            "--wait", action="store_true", help="follow it to its end; exit status 1 if it failed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            raw = config_read(options["file"])
            if options["name"]:
                raw["name"] = options["name"]
            if options["fresh"]:
                raw["reuse"] = False
            study = self.begin(raw)
        except JobError as error:
            raise CommandError(str(error), returncode=2) from error
        for mark in study_marks(study):
            self.stderr.write(mark)
        self.stdout.write(str(study.pk))
        if options["wait"]:
            self.wait(study.pk)

    def begin(self, raw: dict[str, Any]) -> Study:
        """Start it; the same configuration under the same name is gone on with. Raises JobError."""
        config = StudyConfig.from_json(raw)
        found = selectors.study_named(config.name)
        if found is None:
            return studies.study_start(raw)
        if found.config != json.loads(json.dumps(config.to_json())):
            raise JobInvalid(
                _(
                    "There is a study %(name)s with another configuration; give this one another "
                    "name with --name."
                )
                % {"name": config.name}
            )
        try:
            studies.study_resume(found)
        except JobConflict as nothing:
            self.stderr.write(str(nothing))
        return found

    def wait(self, pk: int) -> None:
        """Follow a study; leaving does not stop it."""
        said = ""
        try:
            while True:
                study = selectors.study_get(pk)
                if study is None:
                    raise CommandError(_("The study was deleted meanwhile."))
                found = selectors.standing(study, selectors.parts_shown(study), db_now())
                line = standing_line(found)
                if line != said:
                    self.stderr.write(line)
                    said = line
                if found.is_over:
                    break
                time.sleep(LOOK_S)
        except KeyboardInterrupt:
            self.stderr.write(_("the study goes on without you; its page can cancel it"))
            sys.exit(INTERRUPTED)
        if found.state != "succeeded":
            raise CommandError(_("The study %(state)s.") % {"state": found.state})


def standing_line(found: selectors.Standing) -> str:
    """Say how far a study is; the time to come in minutes, as it is no better known."""
    line = _("%(done)d of %(total)d parts, %(spent)s of work") % {
        "done": found.done,
        "total": found.total,
        "spent": words.duration(found.spent_s, coarse=True),
    }
    if found.is_over:
        return f"{found.state}: {line}"
    if found.left_s is None:
        return line
    left = words.duration(found.left_s, coarse=True)
    return _("%(line)s, about %(left)s to come") % {"line": line, "left": left}
