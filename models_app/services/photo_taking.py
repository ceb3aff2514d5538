"""One photo into a dataset: looked at, stored with its row, or found there already."""

import hashlib
import io
from collections.abc import Callable, Container, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import Error, IntegrityError, transaction
from PIL import Image

from models_app.datasets.lists import Listed
from models_app.files import file_store
from models_app.imaging import PhotoRefused, open_photo
from models_app.importing.credits import Credit
from models_app.models import Dataset, Photo

NAME_MOST = 255
# Where photos are stored.
FOLDER = "photos"
# Rows of pixels.
STRIP = 256
Saving = Callable[[], AbstractContextManager[None]]
Note = Callable[[Photo], None]
UNKNOWN = Credit()


@dataclass(frozen=True, slots=True)
class Look:
    """A photo's file and what its pixels are."""

    content: bytes
    file_sha256: str
    # Empty where the very file is known: it was not decoded again.
    pixel_sha256: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a photo beside its file."""

    credit: Credit = UNKNOWN
    listed: Listed | None = None


def photo_look(content: bytes, known: Container[str]) -> Look:
    """Decode a photo's file, unless it is one of the known SHA-256s. Raises PhotoRefused."""
    file_sha256 = hashlib.sha256(content).hexdigest()
    if file_sha256 in known:
        return Look(content, file_sha256)
    image = open_photo(
        io.BytesIO(content),
        max_bytes=settings.PHOTO_MAX_BYTES,
        max_pixels=settings.PHOTO_MAX_PIXELS,
    )
    return Look(content, file_sha256, pixels_hash(image), image.width, image.height)


def pixels_hash(image: Image.Image) -> str:
    """Return the SHA-256 that `Photo.pixel_sha256` holds, of upright sRGB."""
    digest = hashlib.sha256(f"{image.width}x{image.height}:".encode())
    # Strip by strip: a copy of all pixels is what large photos have no memory for.
    for top in range(0, image.height, STRIP):
        strip = image.crop((0, top, image.width, min(image.height, top + STRIP)))
        digest.update(strip.tobytes())
    return digest.hexdigest()


def name_check(name: str) -> None:
    """Raises PhotoRefused for a name that cannot be stored."""
    if len(name) > NAME_MOST:
        raise PhotoRefused(f"its name has {len(name)} characters; allowed are {NAME_MOST}")
    if not name.isprintable() or any(0xD800 <= ord(letter) <= 0xDFFF for letter in name):
        raise PhotoRefused("its name has bytes that are no text: rename it")


def photo_take(
    dataset: Dataset,
    look: Look,
    names: Sequence[str],
    about: About,
    *,
    suffix: str,
    folder: str = FOLDER,
    saving: Saving = transaction.atomic,
    note: Note = lambda _photo: None,
) -> tuple[Photo, bool]:
    """Store a photo under the first of its names that is free, or find the one of its content.

    Returns the photo and whether it is new. The file is written before its row, so no row is ever
    without its file; the file that a kill between the two leaves is found by `leftovers_remove`
    or a clean-up. `note` is called in the transaction of the row, which `saving` opens. Raises
    PhotoRefused where other photos have all of its names.
    """
    found = photo_find(dataset, look)
    if found is not None:
        return found, False
    if not look.pixel_sha256:
        raise PhotoRefused("the photo of this file was deleted a moment ago: run this again")
    name = _free_name(dataset, names)
    stored = file_store(folder, suffix, look.content)
    try:
        with saving():
            photo = Photo.objects.create(
                dataset=dataset,
                name=name,
                file=stored,
                bytes=len(look.content),
                file_sha256=look.file_sha256,
                pixel_sha256=look.pixel_sha256,
                width=look.width,
                height=look.height,
                split=about.listed.split if about.listed else "",
                list_name=about.listed.list_name if about.listed else "",
                credit=about.credit.credit,
                licence=about.credit.licence,
                source_url=about.credit.source_url,
            )
            note(photo)
    except IntegrityError as error:
        default_storage.delete(stored)
        found = photo_find(dataset, look)
        if found is not None:
            # Another importer took it a moment ago.
            return found, False
        raise PhotoRefused("another import took its name a moment ago: run this again") from error
    except BaseException:
        _take_back(stored)
        raise
    return photo, True


def photo_find(dataset: Dataset, look: Look) -> Photo | None:
    """Return the dataset's photo of the same file or the same pixels; one or two queries."""
    photos = dataset.photos.all()
    found = photos.filter(file_sha256=look.file_sha256).first()
    if found is None and look.pixel_sha256:
        found = photos.filter(pixel_sha256=look.pixel_sha256).first()
    return found


def photo_complete(photo: Photo, look: Look, about: About) -> None:
    """Add to a stored photo what a later import says of it; what it does not say stays."""
    values: dict[str, str | int] = {
        name: text
        for name, text in (
            ("credit", about.credit.credit),
            ("licence", about.credit.licence),
            ("source_url", about.credit.source_url),
        )
        if text
    }
    if about.listed:
        values |= {"split": about.listed.split, "list_name": about.listed.list_name}
    # Photos of releases that did not note their size get it now.
    if not photo.bytes and photo.file_sha256 == look.file_sha256:
        values["bytes"] = len(look.content)
    changed = {name: value for name, value in values.items() if getattr(photo, name) != value}
    for name, value in changed.items():
        setattr(photo, name, value)
    if changed:
        photo.save(update_fields=list(changed))


def _take_back(stored: str) -> None:
    """Delete a file whose row was not written: the disk is full, somebody pressed Ctrl-C.

    A connection that breaks, or a Ctrl-C, at the very end of a transaction comes from one that may
    have been committed. Where the database cannot say so now, the file stays for a clean-up.
    """
    try:
        named = Photo.objects.filter(file=stored).exists()
    except Error:
        return
    if not named:
        default_storage.delete(stored)


def _free_name(dataset: Dataset, names: Sequence[str]) -> str:
    for name in dict.fromkeys(names):
        if not dataset.photos.filter(name=name).exists():
            return name
    raise PhotoRefused(
        f"the dataset {dataset.name} has another photo of this name: rename the file"
    )
