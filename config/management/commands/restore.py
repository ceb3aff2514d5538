from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from config.backups.manifest import BackupError
from config.backups.restoring import Restored, backup_restore
from models_app.management.progress import bar


class Command(BaseCommand):
    help = "Put a backup in the place of the database and the stored files."
    # The database may be empty, broken or of another version.
    requires_migrations_checks = False
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="also over a database that holds data; it is backed up to var/backups/ first",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = backup_restore(
                options["file"], replace=options["replace"], progress=bar(_("files"))
            )
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.report(done)

    def report(self, done: Restored) -> None:
        if done.kept:
            self.stdout.write(_("What was there is in %(path)s") % {"path": done.kept})
        before, after = done.before.tables, done.after.tables
        named = [name for name in sorted({*before, *after}) if before.get(name) or after.get(name)]
        width = max((len(name) for name in named), default=0)
        self.stdout.write(f"{_('table'):<{width}} {_('before'):>10} {_('after'):>10}")
        for name in named:
            was, now = before.get(name, "-"), after.get(name, "-")
            self.stdout.write(f"{name:<{width}} {was:>10} {now:>10}")
        self.stdout.write(
            _(
                "%(written)d files written, %(present)d were there already, %(other)d stored files "
                "are not in the backup and were left alone"
            )
            % {
                "written": done.files_written,
                "present": done.files_present,
                "other": done.files_other,
            }
        )
        for name in done.manifest.gone:
            self.stderr.write(_("deleted while the backup was made: %(name)s") % {"name": name})
        if done.key_written:
            self.stdout.write(_("The secret key of the backup is in var/secret-key again."))
        if done.migrations_due:
            self.stdout.write(_("The backup is of an older version: run manage.py migrate now."))
