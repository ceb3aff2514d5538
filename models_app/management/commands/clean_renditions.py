from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from models_app.selectors import datasets as selectors
from models_app.services.cleanup import Plan, clean_plan, clean_up


class Command(BaseCommand):
    help = (
        "Show what clean-up would remove: pictures that no draft, open or answered survey shows, "
        "and files that nothing names. With --yes it removes them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dataset", metavar="NAME", help="only the renditions of one dataset")
        parser.add_argument("--yes", action="store_true", help="remove; without it nothing changes")

    def handle(self, *args: Any, **options: Any) -> None:
        name: str | None = options["dataset"]
        dataset = None if name is None else selectors.dataset_named(name)
        if name is not None and dataset is None:
            names = ", ".join(selectors.dataset_names()) or _("there is none yet")
            raise CommandError(
                _("There is no dataset %(name)r; choose one of: %(names)s.")
                % {"name": name, "names": names}
            )
        plan = clean_plan(dataset)
        self.show(plan)
        if plan.is_empty or not options["yes"]:
            return
        done = clean_up(plan, by=None)
        self.stdout.write(
            _("removed: %(n)d files, %(size)s")
            % {"n": done.files, "size": filesizeformat(done.bytes)}
        )
        if done.failed:
            raise CommandError(
                _("%(n)d files could not be deleted; the log says why. Run this again.")
                % {"n": done.failed}
            )

    def show(self, plan: Plan) -> None:
        for group in plan.renditions:
            self.stdout.write(
                _("%(name)s, %(preset)s, %(side)d pixels, %(encoding)s: %(n)d files, %(size)s")
                % {
                    "name": group.name,
                    "preset": group.preset,
                    "side": group.long_side,
                    "encoding": group.encoding,
                    "n": group.files,
                    "size": filesizeformat(group.bytes),
                }
            )
        if plan.orphans:
            self.stdout.write(
                _("files that nothing names: %(n)d, %(size)s")
                % {"n": len(plan.orphans), "size": filesizeformat(plan.orphan_bytes)}
            )
        said = (
            _("nothing to clean up")
            if plan.is_empty
            else _("in all: %(n)d files, %(size)s; --yes removes them")
            % {"n": plan.files, "size": filesizeformat(plan.bytes)}
        )
        self.stdout.write(said)
