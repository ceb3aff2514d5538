"""A random sample of a dataset as one figure, as in the paper's Fig. 2, and its list of credits."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from PIL import Image

from models_app.errors import DatasetError
from models_app.imaging import PhotoRefused
from models_app.models import Photo
from models_app.services.thumbnails import photo_image
from survey.exports import cell

# Pixels: 20 cm at 300 dots an inch.
WIDTH, GAP = 2400, 12
# A row of one upright photo would be endless.
ROW_MOST = 1200
# Wide over high, about.
SHAPE = 1.5
COLUMNS = ("place", "row", "column", "photo", "credit", "licence", "width", "height", "split",
           "file_sha256", "pixel_sha256", "seed")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a photo stands in the figure, in pixels; row and column count from 1."""

    photo: Photo
    row: int
    column: int
    x: int
    y: int
    width: int
    height: int


def places_make(photos: Sequence[Photo]) -> list[Place]:
    """Set photos in rows of equal width, in their order, none of them cut."""
    aspects = [photo.width / photo.height for photo in photos]
    total = sum(aspects)
    count = max(1, round((total / SHAPE) ** 0.5)) if photos else 0
    rows: list[list[tuple[Photo, float]]] = [[] for _row in range(count)]
    before = 0.0
    for photo, aspect in zip(photos, aspects, strict=True):
        rows[min(count - 1, int(count * (before + aspect / 2) / total))].append((photo, aspect))
        before += aspect
    places: list[Place] = []
    y = 0
    for number, row in enumerate(filter(None, rows), start=1):
        room = WIDTH - GAP * (len(row) - 1)
        exact = min(ROW_MOST, room / sum(aspect for _photo, aspect in row))
        height = max(1, round(exact))
        x = 0.0
        for column, (photo, aspect) in enumerate(row, start=1):
            # Both edges are rounded, not the width: a row ends where the others do.
            left, right = round(x), round(x + exact * aspect)
            places.append(Place(photo, number, column, left, y, max(1, right - left), height))
            x += exact * aspect + GAP
        y += height + GAP
    return places


def figure_make(photos: Sequence[Photo]) -> bytes:
    """Draw the figure as a PNG, 2400 pixels wide, on white, without metadata.

    Raises DatasetError where a photo cannot be read any more.
    """
    places = places_make(photos)
    height = max((place.y + place.height for place in places), default=1)
    figure = Image.new("RGB", (WIDTH, height), "white")
    for place in places:
        try:
            image = photo_image(place.photo)
        except (FileNotFoundError, PhotoRefused) as error:
            raise DatasetError(
                _("The file of the photo %(name)s is gone or damaged; restore it from a backup.")
                % {"name": place.photo.name}
            ) from error
        small = image.resize(
            (place.width, place.height), Image.Resampling.LANCZOS, reducing_gap=3.0
        )
        figure.paste(small, (place.x, place.y))
    out = io.BytesIO()
    figure.save(out, "PNG")
    return out.getvalue()


def sample_csv(photos: Sequence[Photo], *, seed: int) -> Iterator[str]:
    """Yield the lines of the figure's list: what stands where, and whose photo it is."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for number, place in enumerate(places_make(photos), start=1):
        photo = place.photo
        texts = (photo.name, photo.credit, photo.licence)
        hashes = (photo.file_sha256, photo.pixel_sha256)
        writer.writerow(
            (number, place.row, place.column, *(cell(text, "text") for text in texts),
             photo.width, photo.height, cell(photo.split, "text"), *hashes, seed)
        )  # fmt: skip
    yield out.getvalue()
