from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from survey import exports
from survey.errors import SurveyInvalid
from survey.origins import origins_parse
from survey.services.surveys import survey_get


class Command(BaseCommand):
    help = "Write a survey's votes, one row a vote, with a codebook beside them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--survey", required=True, metavar="SLUG")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE")
        parser.add_argument(
            "--format",
            choices=list(exports.REGISTRY),
            help="default: what FILE ends with, else csv",
        )
        parser.add_argument(
            "--include",
            default="",
            metavar="ORIGINS",
            help="beside participants' votes: simulated, test (staff previews), or both with a "
            "comma; they are marked",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        survey = survey_get(options["survey"])
        if survey is None:
            raise CommandError(_("There is no survey %(slug)r.") % {"slug": options["survey"]})
        output: Path = options["output"]
        if not output.name or output.is_dir():
            raise CommandError(
                _("%(path)s is a folder; name a file, as in votes.csv.") % {"path": output}
            )
        codebook = output.with_name(f"{output.stem}.codebook.csv")
        try:
            file = exports.votes_export(
                survey,
                form=options["format"] or form_of(output),
                origins=origins_parse(options["include"]),
            )
            exports.file_write(output, file.chunks)
            exports.file_write(codebook, (line.encode() for line in exports.codebook_csv(survey)))
        except SurveyInvalid as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                _("%(path)s cannot be written (%(reason)s); name another file.")
                % {"path": output, "reason": error.strerror}
            ) from error
        self.stdout.write(
            _("%(n)d votes in %(output)s, columns explained in %(codebook)s")
            % {"n": file.votes, "output": output, "codebook": codebook}
        )


def form_of(output: Path) -> str:
    """Format that the ending of a file names, else csv."""
    ending = output.suffix.removeprefix(".").lower()
    return ending if ending in exports.REGISTRY else "csv"
