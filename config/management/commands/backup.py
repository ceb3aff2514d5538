from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from config.backups.databases import rows_held
from config.backups.making import backup_make
from config.backups.manifest import BackupError
from models_app.management.progress import bar

SHOWN = 10


class Command(BaseCommand):
    help = "Write the database and all stored files to one file, while everything goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
        parser.add_argument(
            "--database-only", action="store_true", help="leave photos and pictures out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            made = backup_make(
                path,
                media=not options["database_only"],
                force=options["force"],
                progress=bar(_("files")),
            )
        except BackupError as error:
            raise CommandError(str(error)) from error
        for name in made.gone[:SHOWN]:
            self.stderr.write(_("deleted meanwhile, not in the backup: %(name)s") % {"name": name})
        if len(made.gone) > SHOWN:
            self.stderr.write(_("and %(n)d more") % {"n": len(made.gone) - SHOWN})
        held = rows_held(made.facts)
        self.stdout.write(
            _("%(path)s: %(rows)d rows of %(tables)d tables, %(files)d files, %(mb).1f MB")
            % {
                "path": path,
                "rows": sum(held.values()),
                "tables": len(held),
                "files": len(made.media),
                "mb": path.stat().st_size / 1e6,
            }
        )
        if made.key:
            self.stdout.write(_("It holds the secret key and is readable by you only: keep it so."))
