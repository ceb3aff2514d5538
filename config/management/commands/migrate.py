from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.utils.translation import gettext as _

from config.backups.manifest import BackupError
from config.backups.migrating import backup_before_migration

LOOKS_ONLY = ("plan", "check_unapplied", "prune")


class Command(migrate.Command):
    help = "Django's migrate; a database that holds data is backed up before it is changed."

    def handle(self, *args: Any, **options: Any) -> None:
        changes = options["database"] == "default" and not any(options[name] for name in LOOKS_ONLY)
        if changes:
            self.backup(options["app_label"])
        super().handle(*args, **options)

    def backup(self, app: str | None) -> None:
        try:
            made = backup_before_migration(app)
        except BackupError as error:
            raise CommandError(
                _("No backup could be made before the migration: %(why)s Or set %(name)s=0.")
                % {"why": error, "name": "BACKUP_BEFORE_MIGRATE"}
            ) from error
        if made:
            self.stdout.write(
                _("The database was backed up before its migration: %(path)s") % {"path": made}
            )
