from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from survey.designs import LARGEST, design_import, design_read
from survey.errors import SurveyInvalid


class Command(BaseCommand):
    help = "Make a draft survey of a design that export_design wrote, here or elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--survey", required=True, metavar="SLUG", help="short name of the new survey"
        )
        parser.add_argument("--title", default="", help="default: the design's")
        parser.add_argument(
            "--dataset",
            default="",
            metavar="NAME",
            help="show this dataset, which must hold just the design's photos, and ask a worker to "
            "render its pairs",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with path.open("rb") as file:
                design = design_read(file.read(LARGEST + 1))
            made = design_import(
                design,
                slug=options["survey"],
                title=options["title"],
                dataset=options["dataset"],
            )
        except SurveyInvalid as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                _("%(path)s cannot be read (%(reason)s); name another file.")
                % {"path": path, "reason": error.strerror}
            ) from error
        self.stdout.write(
            _("draft %(slug)s made of the design %(sha256)s")
            % {"slug": made.survey.slug, "sha256": design.sha256}
        )
        for sentence in made.warnings:
            self.stderr.write(self.style.WARNING(sentence))
        for sentence in made.told:
            self.stdout.write(sentence)
