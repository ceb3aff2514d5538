"""Import photos: each taken, known already, or refused by name with its reason."""

import hashlib
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from models_app.datasets.lists import Listed
from models_app.errors import DatasetError
from models_app.imaging import SUFFIXES, PhotoRefused, open_photo
from models_app.models import Dataset, Photo

NAME_MOST = 255


@dataclass(slots=True)
class ImportReport:
    """What became of every file; the four add up to the files found."""

    taken: int = 0
    known: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    # Files beside the photos that are no pictures by their name (a list, a README).
    other: list[str] = field(default_factory=list)
    # Names in the list that no file of the folder has.
    unlisted: int = 0

    @property
    def found(self) -> int:
        return self.taken + self.known + len(self.refused) + len(self.other)


def folder_files(folder: Path) -> list[Path]:
    """Every file below a folder, hidden ones left out, in a fixed order."""
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder; give the folder that holds the photos.")
    files = [
        path
        for path in sorted(folder.rglob("*"))
        # A link to nothing is listed too, and named later as unreadable.
        if (path.is_file() or path.is_symlink())
        and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    ]
    if not files:
        raise DatasetError(f"{folder} holds no files; give the folder that holds the photos.")
    return files


def photos_import(
    dataset_name: str,
    files: Mapping[Path, str],
    *,
    listed: Mapping[str, Listed] | None = None,
    credits: Mapping[Path, str] | None = None,
    progress: Callable[[Iterable[Path]], Iterable[Path]] = iter,
) -> ImportReport:
    """Import files (path -> name) into a dataset; each photo is committed by itself.

    Stopped and started again it goes on: what is stored is known by its hash and not decoded
    again. The file is written before its row, so no row is ever without its file.
    """
    dataset, _created = Dataset.objects.get_or_create(name=dataset_name)
    listed = listed or {}
    report = ImportReport(unlisted=len(set(listed) - {Path(n).name for n in files.values()}))
    known = set(dataset.photos.values_list("file_sha256", flat=True))
    for path in progress(files):
        name = files[path]
        if path.suffix.lower() not in SUFFIXES:
            report.other.append(name)
            continue
        try:
            new = _photo_import(
                dataset, path, name, known, listed.get(path.name), (credits or {}).get(path, "")
            )
        except PhotoRefused as refused:
            report.refused[name] = str(refused)
        else:
            report.taken += new
            report.known += not new
    return report


def _photo_import(
    dataset: Dataset, path: Path, name: str, known: set[str], listed: Listed | None, credit: str
) -> bool:
    _name_check(name)
    try:
        size = path.stat().st_size
        content = b"" if size > settings.PHOTO_MAX_BYTES else path.read_bytes()
    except OSError as error:
        raise PhotoRefused(f"it cannot be read ({error.strerror})") from error
    if size > settings.PHOTO_MAX_BYTES:
        raise PhotoRefused(
            f"it has {size / 1e6:.1f} MB; allowed are {settings.PHOTO_MAX_BYTES / 1e6:.0f} MB: "
            "save it smaller or raise PHOTO_MAX_MB"
        )
    file_sha256 = hashlib.sha256(content).hexdigest()
    if file_sha256 in known:
        return _known_photo(dataset, name, listed, credit, len(content), file_sha256=file_sha256)
    image = open_photo(
        io.BytesIO(content),
        max_bytes=settings.PHOTO_MAX_BYTES,
        max_pixels=settings.PHOTO_MAX_PIXELS,
    )
    shape = f"{image.width}x{image.height}:".encode()
    pixel_sha256 = hashlib.sha256(shape + image.tobytes()).hexdigest()
    if dataset.photos.filter(pixel_sha256=pixel_sha256).exists():
        return _known_photo(dataset, name, listed, credit, 0, pixel_sha256=pixel_sha256)
    if dataset.photos.filter(name=name).exists():
        raise PhotoRefused(
            f"the dataset {dataset.name} has another photo of this name: rename the file"
        )
    stored = default_storage.save(
        f"photos/{uuid4().hex}{path.suffix.lower()}", ContentFile(content)
    )
    try:
        with transaction.atomic():
            Photo.objects.create(
                dataset=dataset,
                name=name,
                file=stored,
                bytes=len(content),
                file_sha256=file_sha256,
                pixel_sha256=pixel_sha256,
                width=image.width,
                height=image.height,
                split=listed.split if listed else "",
                list_name=listed.list_name if listed else "",
                credit=credit,
            )
    except IntegrityError as error:
        default_storage.delete(stored)
        if dataset.photos.filter(pixel_sha256=pixel_sha256, name=name).exists():
            # Another importer took it a moment ago.
            return False
        raise PhotoRefused("another import took its name or its picture: run this again") from error
    except BaseException:
        # A full disk, a Ctrl-C: without its row nothing would ever find the file again.
        default_storage.delete(stored)
        raise
    known.add(file_sha256)
    return True


def _name_check(name: str) -> None:
    if len(name) > NAME_MOST:
        raise PhotoRefused(f"its name has {len(name)} characters; allowed are {NAME_MOST}")
    if not name.isprintable() or any(0xD800 <= ord(letter) <= 0xDFFF for letter in name):
        raise PhotoRefused("its name has bytes that are no text: rename it")


def _known_photo(
    dataset: Dataset, name: str, listed: Listed | None, credit: str, size: int, **content: str
) -> bool:
    """Find the stored photo of this content: the same file again, or a duplicate to be named.

    `size` is the stored file's where it is known to be the same file, else 0.
    """
    photo = dataset.photos.get(**content)
    if photo.name != name:
        raise PhotoRefused(f"it is a duplicate of {photo.name}: the same picture, taken already")
    # A list given at a second run still says which split the photo belongs to.
    if listed and (photo.split, photo.list_name) != (listed.split, listed.list_name):
        photo.split, photo.list_name = listed.split, listed.list_name
        photo.save(update_fields=["split", "list_name"])
    if credit and photo.credit != credit:
        photo.credit = credit
        photo.save(update_fields=["credit"])
    # Photos of releases that did not note their size get it now.
    if size and not photo.bytes:
        photo.bytes = size
        photo.save(update_fields=["bytes"])
    return False
