import contextlib
from argparse import ArgumentParser
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from models_app.errors import DatasetError
from models_app.selectors import datasets as selectors
from models_app.services.releases import release_write


class Command(BaseCommand):
    help = "Write a dataset as a zip for publishing: manifest, credits, splits, votes, codebooks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="name given to import_photos")
        parser.add_argument("--output", type=Path, required=True, metavar="FILE.zip")
        parser.add_argument(
            "--photos",
            action="store_true",
            help="add the original files, with whatever metadata they carry; mind their licences",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name: str = options["name"]
        output: Path = options["output"]
        dataset = selectors.dataset_named(name)
        if dataset is None:
            names = ", ".join(selectors.dataset_names()) or _("there is none yet")
            raise CommandError(
                _("There is no dataset %(name)r; choose one of: %(names)s.")
                % {"name": name, "names": names}
            )
        try:
            # Beside its place, then moved: an interrupted release leaves no half of a zip.
            with NamedTemporaryFile(
                dir=output.parent, prefix=output.name, suffix=".part", delete=False
            ) as file:
                part = Path(file.name)
                try:
                    released = release_write(dataset, file, photos=options["photos"])
                    file.close()
                    part.chmod(0o644)
                    part.replace(output)
                except BaseException:
                    with contextlib.suppress(OSError):
                        part.unlink()
                    raise
        except DatasetError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                _("%(file)s cannot be written (%(reason)s); choose another place for --output.")
                % {"file": output, "reason": error.strerror}
            ) from error
        self.stdout.write(
            _("%(file)s: %(photos)d photos, %(files)d original files, %(votes)d votes")
            % {
                "file": output,
                "photos": released.photos,
                "files": released.files,
                "votes": sum(released.votes.values()),
            }
        )
