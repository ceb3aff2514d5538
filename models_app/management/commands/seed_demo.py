import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from models_app.datasets.demo import demo_photos
from models_app.errors import DatasetError
from models_app.selectors import pictures as selectors
from models_app.services.datasets import ImportReport, folder_files, photos_import
from models_app.services.publish import survey_make

POLL_S = 0.5
# A few photos must last for a whole session here, so each returns, never within three trials.
SETTINGS = {"trials": 20, "photo_repeats": 12, "photo_gap": 3}


class Command(BaseCommand):
    help = "Make the dataset and the survey `demo` and ask a worker to render; repeatable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--photos", type=Path, metavar="FOLDER", help="use these photos")
        parser.add_argument("--wait", action="store_true", help="return when all is rendered")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self.load(options["photos"])
            for name, reason in report.refused.items():
                self.stderr.write(
                    _("refused %(name)s: %(reason)s") % {"name": name, "reason": reason}
                )
            source = survey_make(
                "demo", title=_("Demo survey"), dataset="demo", settings=dict(SETTINGS)
            )
        except DatasetError as error:
            raise CommandError(str(error)) from error
        if options["wait"]:
            self.wait()
        counts = selectors.rendition_counts("demo")
        self.stdout.write(
            _("demo survey: %(photos)d photos, %(ready)d pictures ready, %(pending)d to render")
            % {"photos": source.dataset.photos.count(), **counts}
        )

    def load(self, folder: Path | None) -> ImportReport:
        if folder is None:
            credits = demo_photos()
            return photos_import("demo", {path: path.name for path in credits}, credits=credits)
        return photos_import(
            "demo", {path: str(path.relative_to(folder)) for path in folder_files(folder)}
        )

    def wait(self) -> None:
        """Follow the rows until a worker has rendered them all; `make run` starts one."""
        missing = selectors.rendition_counts("demo")["pending"]
        self.stdout.write(_("waiting for a worker to render %(n)d pictures ...") % {"n": missing})
        with tqdm(total=missing, unit=_("pictures"), disable=None) as shown:
            while missing:
                time.sleep(POLL_S)
                left = selectors.rendition_counts("demo")["pending"]
                shown.update(missing - left)
                missing = left
