from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from models_app.datasets.demo import demo_photos
from models_app.errors import DatasetError
from models_app.models import LabelSet
from models_app.services import study_seeds as seeds
from models_app.studies.marks import GENERATED


class Command(BaseCommand):
    help = (
        "Make the small data of bench/configs/study-small.json: photos, and drawn images for rows "
        "of AVA and TID2013; a check of the plumbing. Repeatable."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        wanted = seeds.Wanted()
        parser.add_argument(
            "--photos", type=Path, metavar="FOLDER", help="learnt from; default: the demo photos"
        )
        parser.add_argument(
            "--ava", type=Path, metavar="FILE", required=True, help="in the layout of AVA.txt"
        )
        parser.add_argument(
            "--tid", type=Path, metavar="FILE", required=True, help="mos_with_names.txt"
        )
        parser.add_argument(
            "--most-photos", type=int, default=wanted.photos, help=f"at most ({wanted.photos})"
        )
        parser.add_argument(
            "--images", type=int, default=wanted.images, help=f"rows of AVA ({wanted.images})"
        )
        parser.add_argument(
            "--references",
            type=int,
            default=wanted.references,
            help=f"of TID2013, each with its copies ({wanted.references})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = seeds.Wanted(options["most_photos"], options["images"], options["references"])
        for name, value in (("--most-photos", wanted.photos), ("--images", wanted.images),
                            ("--references", wanted.references)):  # fmt: skip
            if value < 2:
                raise CommandError(
                    _("%(name)s is %(n)d; allowed are numbers from 2.") % {"name": name, "n": value}
                )
        given = None if options["photos"] else {path: path.name for path in demo_photos()}
        try:
            photos = seeds.photos_seed(given, options["photos"], wanted)
            ava = seeds.ava_seed(options["ava"], wanted)
            tid = seeds.tid_seed(options["tid"], wanted)
        except DatasetError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            _("%(name)s: %(n)d photos") % {"name": photos.name, "n": photos.photos.count()}
        )
        for label_set in (ava, tid):
            self.said(label_set)
        self.stdout.write(_(GENERATED))

    def said(self, label_set: LabelSet) -> None:
        labels = label_set.labels
        self.stdout.write(
            _("%(name)s: %(n)d labels, %(photos)d with a drawn image, splits: %(splits)s")
            % {
                "name": label_set.name,
                "n": labels.count(),
                "photos": labels.exclude(photo=None).count(),
                "splits": ", ".join(label_set.splits.values_list("name", flat=True)) or _("none"),
            }
        )
