from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from survey.designs import design_of
from survey.errors import SurveyInvalid
from survey.exports import file_write
from survey.management.output import output_check, output_errors
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
        output_check(output, example="design.json")
        try:
            design = design_of(survey)
            with output_errors(output):
                file_write(output, design.chunks())
        except SurveyInvalid as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            _("design of %(slug)s in %(output)s, SHA-256 %(sha256)s")
            % {"slug": survey.slug, "output": output, "sha256": design.sha256}
        )
