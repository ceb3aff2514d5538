import csv
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from models_app.errors import DatasetError
from models_app.labels.registry import FILES, REGISTRY
from models_app.labels.report import FINDINGS, HEADER, OF_IMAGES, Report
from models_app.management.commands.import_photos import writable
from models_app.management.progress import bar
from models_app.models import Dataset
from models_app.selectors import datasets as dataset_selectors
from models_app.services.labels import Imported, labels_import

# Of each kind of finding, on a terminal; the file of --findings has all.
NAMED = 5


class Command(BaseCommand):
    help = "Import what people judged images to be worth, with the images; a second run continues."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", help=f"one of: {', '.join(REGISTRY)}")
        parser.add_argument(
            "--labels",
            type=Path,
            action="append",
            required=True,
            metavar="FILE",
            help="the label file, gzip or not; may be given again, as for one file a part",
        )
        images = parser.add_mutually_exclusive_group()
        images.add_argument("--images", type=Path, metavar="DIR", help="the folder of the images")
        images.add_argument("--dataset", metavar="NAME", help="a dataset that has the images")
        parser.add_argument("--name", default="", metavar="NAME", help="what lists call the labels")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="OPTION=VALUE",
            help="; ".join(
                f"{entry.key}: {', '.join(entry.options)}"
                for entry in REGISTRY.values()
                if entry.options
            )
            + "; every kind: part; may be given again",
        )
        parser.add_argument(
            "--generated", action="store_true", help="the images were drawn by a program"
        )
        parser.add_argument(
            "--report-only", action="store_true", help="say what there is, and import nothing"
        )
        parser.add_argument("--findings", type=Path, metavar="FILE", help="every finding as CSV")
        parser.add_argument("--json", action="store_true", help="the whole report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["name"] and not options["report_only"]:
            raise CommandError(_("Give the labels a name with --name, or ask for --report-only."))
        try:
            imported = labels_import(
                options["kind"],
                options["labels"],
                name=options["name"],
                images=options["images"],
                dataset=_dataset(options["dataset"]),
                options=_options(options["set"]),
                is_generated=options["generated"],
                report_only=options["report_only"],
                progress=bar(_("images")),
            )
        except DatasetError as error:
            raise CommandError(str(error)) from error
        if options["findings"]:
            _findings_write(options["findings"], imported.report)
        if options["json"]:
            self.stdout.write(json.dumps(imported.report.as_json(), indent=2, ensure_ascii=False))
        else:
            self.say(imported)

    def say(self, imported: Imported) -> None:
        report = imported.report
        for key in FINDINGS:
            found = getattr(report, key)
            for problem in found[:NAMED]:
                line = _(" (line %(line)d)") % {"line": problem.line} if problem.line else ""
                said = f"{writable(problem.name)}{line}: {problem.reason}"
                self.stderr.write(f"{key}: {said}")
            if len(found) > NAMED:
                self.stderr.write(_("%(key)s: %(n)d in all") % {"key": key, "n": len(found)})
        if report.unused:
            self.stderr.write(
                _("columns not read: %(names)s") % {"names": ", ".join(report.unused)}
            )
        counts = report.counts()
        unseen = () if report.images else ("found", *OF_IMAGES)
        shown = {key: n for key, n in counts.items() if key not in unseen}
        said = ", ".join(f"{key} {n}" for key, n in shown.items())
        self.stdout.write(f"{report.source}: {said}")
        if imported.label_set is not None:
            self.stdout.write(_("labels %(name)s imported") % {"name": imported.label_set.name})


def _dataset(name: str | None) -> Dataset | None:
    if name is None:
        return None
    found = dataset_selectors.dataset_named(name)
    if found is None:
        names = ", ".join(dataset_selectors.dataset_names()) or _("none")
        raise CommandError(
            _("There is no dataset %(name)r; there are: %(names)s.")
            % {"name": name, "names": names}
        )
    return found


def _options(given: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals or not value.strip():
            raise CommandError(
                _("%(given)r is no option; write OPTION=VALUE, as in part=test.") % {"given": each}
            )
        key = key.strip()
        options[key] = str(Path(value).expanduser()) if key in FILES else value.strip()
    return options


def _findings_write(path: Path, report: Report) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            writer.writerows(report.table())
    except OSError as error:
        raise CommandError(
            _("%(name)s cannot be written (%(why)s); name another file.")
            % {"name": path.name, "why": error.strerror or error}
        ) from error
