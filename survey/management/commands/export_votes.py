from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from survey import exports
from survey.errors import SurveyInvalid
from survey.management.output import output_check, output_errors
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
        output_check(output, example="votes.csv")
        form = form_of(output, options["format"])
        codebook = output.with_name(f"{output.stem}.codebook.csv")
        try:
            file = exports.votes_export(
                survey,
                form=form,
                origins=origins_parse(options["include"]),
            )
            with output_errors(output):
                exports.file_write(output, file.chunks)
            with output_errors(codebook):
                lines = (line.encode() for line in exports.codebook_csv(survey))
                exports.file_write(codebook, lines)
        except SurveyInvalid as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            _("%(n)d votes in %(output)s, columns explained in %(codebook)s")
            % {"n": file.votes, "output": output, "codebook": codebook}
        )


def form_of(output: Path, wanted: str | None) -> str:
    """Format that is wanted, else what the ending of a file names, else csv.

    CommandError for an ending that says something else: programs go by it.
    """
    ending = output.suffix.removeprefix(".").lower()
    form = wanted or (ending if ending in exports.REGISTRY else "csv")
    if ending not in {"", form}:
        raise CommandError(
            _(
                "%(name)s would hold %(form)s, and its ending says something else; the formats, "
                "and the endings of their files, are: %(allowed)s."
            )
            % {"name": output.name, "form": form, "allowed": ", ".join(exports.REGISTRY)}
        )
    return form
