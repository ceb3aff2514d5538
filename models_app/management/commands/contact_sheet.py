import io
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from PIL import Image

from models_app.distortions.registry import PRESET, PRESETS
from models_app.errors import SheetError
from models_app.models import Photo
from models_app.selectors import pictures as selectors
from models_app.sheets.version import RENDERING

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


class Command(BaseCommand):
    help = "Draw one photo at every level of every distortion, a row a distortion."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--photo", required=True, type=int, metavar="ID")
        parser.add_argument(
            "--output", required=True, type=Path, metavar="FILE", help="a .png or .jpg file"
        )
        parser.add_argument(
            "--preset", choices=tuple(PRESETS), default=PRESET, help="default: %(default)s"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        kind = FORMATS.get(output.suffix.lower())
        if kind is None or output.is_dir():
            raise CommandError(
                _("%(path)s is no picture file by its name; name a .png, .jpg or .jpeg file.")
                % {"path": output}
            )
        photo = photo_or_refuse(options["photo"])
        try:
            # Imported in here: it takes seconds, and a mistake above is told at once.
            sheet, rows = draw(photo, options["preset"])
        except SheetError as error:
            raise CommandError(str(error)) from error
        except ImportError as error:
            raise CommandError(
                _("%(name)s is not installed; install requirements.txt.") % {"name": error.name}
            ) from error
        try:
            write(output, sheet, kind)
        except OSError as error:
            raise CommandError(
                _("%(path)s cannot be written (%(reason)s); name another file.")
                % {"path": output, "reason": error.strerror}
            ) from error
        self.stdout.write(
            ngettext(
                "%(output)s: %(n)d distortion, %(width)d x %(height)d pixels",
                "%(output)s: %(n)d distortions, %(width)d x %(height)d pixels",
                rows,
            )
            % {"output": output, "n": rows, "width": sheet.width, "height": sheet.height}
        )


def photo_or_refuse(pk: int) -> Photo:
    photo = selectors.photo_get(pk)
    if photo is not None:
        return photo
    keys = selectors.photo_keys()
    if keys is None:
        raise CommandError(
            _(
                "There is no photo yet; import some first: "
                "manage.py import_photos FOLDER --dataset NAME"
            )
        )
    raise CommandError(
        _(
            "There is no photo %(pk)d; photos have numbers from %(least)d to %(most)d, "
            "which the page Distortions shows."
        )
        % {"pk": pk, "least": keys[0], "most": keys[1]}
    )


def draw(photo: Photo, preset: str) -> tuple[Image.Image, int]:
    """Render and draw; the number of rows comes along."""
    from models_app.sheets.drawing import sheet_draw
    from models_app.sheets.making import family_make, unmixed
    from models_app.sheets.rows import groups_make

    partner = selectors.partner_get(photo, preset)
    pictures = family_make(photo, preset=preset, partner=partner)
    groups = groups_make(preset, without=unmixed(preset, partner))
    size = {"width": photo.width, "height": photo.height}
    facts = [
        _("Dataset %(dataset)s, photo %(pk)d, %(width)d x %(height)d pixels")
        % {"dataset": photo.dataset.name, "pk": photo.pk, **size},
        _("Levels: %(levels)s; formulas %(version)s")
        % {"levels": _(PRESETS[preset].label), "version": RENDERING},
        _(
            "The underlined picture is the reference that the levels of its row are ranked "
            "against. Parity is given in levels of 8 bits, 0 to 255."
        ),
    ]
    if photo.credit:
        facts.insert(1, _("Photo: %(credit)s") % {"credit": photo.credit})
    sheet = sheet_draw(photo.name, facts, groups, pictures)
    return sheet, sum(len(group.rows) for group in groups)


def write(path: Path, sheet: Image.Image, kind: str) -> None:
    """Write atomically: a reader finds the old file or the whole new one."""
    content = io.BytesIO()
    sheet.save(content, kind, quality=92, subsampling=0)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content.getvalue())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
