from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from models_app.datasets.lists import Listed, list_read
from models_app.errors import DatasetError
from models_app.imaging import FORMATS_TEXT
from models_app.importing.archives import archive_open
from models_app.importing.credits import Matched, Table, credits_match, credits_read
from models_app.management.progress import bar
from models_app.services.datasets import ImportReport, folder_files, photos_import
from models_app.services.photo_archives import ArchiveImport, Kind, Outcome, dataset_name_check

# How SQLite and PostgreSQL say that a table or a column is missing.
NOT_SET_UP = ("no such table", "no such column", "does not exist")
# Rows of the credits without a photo that are said by name.
NAMED = 20
# As a shell counts an end by Ctrl-C.
STOPPED = 130


class Command(BaseCommand):
    help = (
        f"Import the photos ({FORMATS_TEXT}) of a folder or a zip into a dataset; "
        "a second run continues."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="folder of photos, or a zip of them")
        parser.add_argument("--dataset", required=True, help="name of the dataset")
        parser.add_argument(
            "--list",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="which split a photo of the folder belongs to: a list of file names called "
            "train.txt, val.txt or test.txt, or two columns (name in the list, file name); may be "
            "given again",
        )
        parser.add_argument(
            "--credits",
            type=Path,
            metavar="FILE",
            help="whose photos they are: a CSV whose header names photo, and credit or licence or "
            "both, and source if there is one; a credits.csv in the folder or the zip is read too",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report = ImportReport()
        try:
            dataset_name_check(options["dataset"])
            table = _table(options["credits"])
            if options["folder"].is_file():
                self._zip(report, table, options)
            else:
                self._folder(report, table, options)
        except KeyboardInterrupt:
            self.report(report)
            raise CommandError(
                _("Stopped; what was imported is kept: run this again to go on."),
                returncode=STOPPED,
            ) from None
        except DatasetError as error:
            if report.found:
                self.report(report)
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
        self.report(report, listed=bool(options["list"]))

    def _folder(self, report: ImportReport, table: Table, options: Mapping[str, Any]) -> None:
        folder: Path = options["folder"]
        listed: dict[str, Listed] = {}
        for path in options["list"]:
            listed |= list_read(path)
        files = {path: str(path.relative_to(folder)) for path in folder_files(folder)}
        inside = folder / "credits.csv"
        if files.pop(inside, None):
            table = {**_table(inside), **table}
        matched = credits_match(table, list(files.values()))
        photos_import(
            options["dataset"],
            files,
            listed=listed,
            credits={
                path: matched.by_path[name]
                for path, name in files.items()
                if name in matched.by_path
            },
            progress=bar(_("photos")),
            report=report,
        )
        self._unmatched(matched)

    def _zip(self, report: ImportReport, table: Table, options: Mapping[str, Any]) -> None:
        if options["list"]:
            raise CommandError(_("--list is for folders; unpack the zip, and name its folder."))
        with (
            options["folder"].open("rb") as file,
            archive_open(file, max_bytes=settings.PHOTO_MAX_BYTES) as archive,
        ):
            work = ArchiveImport(archive, options["dataset"], credits=table)
            for outcome in bar(_("photos"), total=work.total)(work):
                _count(report, outcome)
            self._unmatched(work.credits)

    def _unmatched(self, matched: Matched) -> None:
        for n, names, said in (
            (
                len(matched.unused),
                matched.unused,
                ngettext(
                    "%(n)d row of the credits has no photo here: %(names)s",
                    "%(n)d rows of the credits have no photo here: %(names)s",
                    len(matched.unused),
                ),
            ),
            (
                len(matched.ambiguous),
                matched.ambiguous,
                ngettext(
                    "%(n)d row of the credits names several photos, and none got it; "
                    "write its folder too: %(names)s",
                    "%(n)d rows of the credits name several photos each, and none got them; "
                    "write their folders too: %(names)s",
                    len(matched.ambiguous),
                ),
            ),
        ):
            if n:
                shown = ", ".join(map(writable, names[:NAMED])) + (", …" if n > NAMED else "")
                self.stderr.write(said % {"n": n, "names": shown})

    def report(self, report: ImportReport, *, listed: bool = False) -> None:
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


def _table(path: Path | None) -> Table:
    if path is None:
        return {}
    try:
        return credits_read(path.read_bytes())
    except OSError as error:
        raise DatasetError(
            _("The table of credits %(path)s cannot be read (%(reason)s).")
            % {"path": path, "reason": error.strerror}
        ) from error


def _count(report: ImportReport, outcome: Outcome) -> None:
    match outcome.kind:
        case Kind.IMPORTED:
            report.taken += 1
        case Kind.KNOWN:
            report.known += 1
        case Kind.REFUSED:
            # Names may come twice in an archive; the second is refused for it.
            place = "" if outcome.entry.path not in report.refused else f" ({outcome.entry.place})"
            report.refused[outcome.entry.path + place] = outcome.reason


def writable(name: str) -> str:
    """Show a file name whose bytes are no text instead of failing over it."""
    return name.encode("utf-8", "backslashreplace").decode()
