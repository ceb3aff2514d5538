from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError
from django.utils.translation import gettext as _

from models_app.datasets.lists import Listed, list_read
from models_app.errors import DatasetError
from models_app.imaging import FORMATS_TEXT
from models_app.management.progress import bar
from models_app.services.datasets import ImportReport, folder_files, photos_import

# How SQLite and PostgreSQL say that a table or a column is missing.
NOT_SET_UP = ("no such table", "no such column", "does not exist")


class Command(BaseCommand):
    help = f"Import the photos of a folder ({FORMATS_TEXT}) into a dataset; a second run continues."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--dataset", required=True, help="name of the dataset")
        parser.add_argument(
            "--list",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="which split a photo belongs to: a list of file names called train.txt, val.txt "
            "or test.txt, or two columns (name in the list, file name); may be given again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        try:
            listed: dict[str, Listed] = {}
            for path in options["list"]:
                listed |= list_read(path)
            files = {path: str(path.relative_to(folder)) for path in folder_files(folder)}
            report = photos_import(
                options["dataset"], files, listed=listed, progress=bar(_("photos"))
            )
        except DatasetError as error:
            raise CommandError(str(error)) from error
        except (OperationalError, ProgrammingError) as error:
            if any(words in str(error) for words in NOT_SET_UP):
                raise CommandError(
                    _("The database is not set up; run make run or manage.py migrate first.")
                ) from error
            if "locked" not in str(error):
                raise
            raise CommandError(
                _("The database is busy (%(reason)s); what was imported is kept: run this again.")
                % {"reason": error}
            ) from error
        self.report(report, listed=bool(listed))

    def report(self, report: ImportReport, *, listed: bool) -> None:
        for name, reason in report.refused.items():
            self.stderr.write(
                _("refused %(name)s: %(reason)s") % {"name": writable(name), "reason": reason}
            )
        for name in report.other:
            self.stderr.write(_("not a photo by its name: %(name)s") % {"name": writable(name)})
        if listed and report.unlisted:
            self.stderr.write(
                _("%(n)d names of the list have no file here") % {"n": report.unlisted}
            )
        self.stdout.write(
            _(
                "%(found)d files: %(taken)d imported, %(known)d known already, "
                "%(refused)d refused, %(other)d no photos"
            )
            % {
                "found": report.found,
                "taken": report.taken,
                "known": report.known,
                "refused": len(report.refused),
                "other": len(report.other),
            }
        )


def writable(name: str) -> str:
    """Show a file name whose bytes are no text instead of failing over it."""
    return name.encode("utf-8", "backslashreplace").decode()
