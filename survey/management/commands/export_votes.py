import os
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from survey import exports
from survey.services.surveys import survey_get


class Command(BaseCommand):
    help = "Write a survey's votes as CSV, one row a vote, with a codebook beside it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--survey", required=True, metavar="SLUG")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE")
        parser.add_argument(
            "--previews", action="store_true", help="include staff previews, marked as excluded"
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
            lines = write(output, exports.votes_csv(survey, previews=options["previews"]))
            write(codebook, exports.codebook_csv(survey))
        except OSError as error:
            raise CommandError(
                _("%(path)s cannot be written (%(reason)s); name another file.")
                % {"path": output, "reason": error.strerror}
            ) from error
        self.stdout.write(
            _("%(n)d votes in %(output)s, columns explained in %(codebook)s")
            % {"n": lines - 1, "output": output, "codebook": codebook}
        )


def write(path: Path, lines: Iterator[str]) -> int:
    """Write atomically: a reader finds the old file or the whole new one."""
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        temporary = Path(file.name)
        try:
            count = 0
            for line in lines:
                file.write(line)
                count += 1
            file.flush()
            # As a file that the user made, not as a private temporary one.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return count
