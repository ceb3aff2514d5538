from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from survey.designs import design_of
from survey.errors import SurveyInvalid
from survey.exports import file_write
from survey.services.surveys import survey_get


class Command(BaseCommand):
    help = "Write a survey's design as JSON, to be imported elsewhere or compared; no pictures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--survey", required=True, metavar="SLUG")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        survey = survey_get(options["survey"])
        if survey is None:
            raise CommandError(_("There is no survey %(slug)r.") % {"slug": options["survey"]})
        output: Path = options["output"]
        if not output.name or output.is_dir():
            raise CommandError(
                _("%(path)s is a folder; name a file, as in design.json.") % {"path": output}
            )
        try:
            design = design_of(survey)
            file_write(output, design.chunks())
        except SurveyInvalid as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                _("%(path)s cannot be written (%(reason)s); name another file.")
                % {"path": output, "reason": error.strerror}
            ) from error
        self.stdout.write(
            _("design of %(slug)s in %(output)s, SHA-256 %(sha256)s")
            % {"slug": survey.slug, "output": output, "sha256": design.sha256}
        )
