"""From the names of labels to photos: found, imported, and looked at."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from models_app.errors import DatasetError
from models_app.imaging import SUFFIXES, PhotoRefused, open_photo
from models_app.labels.base import Problem, Row
from models_app.labels.images import Finder
from models_app.labels.report import Report
from models_app.models import Dataset, Photo
from models_app.selectors import datasets as dataset_selectors
from models_app.services.datasets import folder_files, photos_import
from models_app.services.photo_taking import pixels_hash
from models_app.services.thumbnails import photo_image
from models_app.splits.perceptual import perceptual_hash

Progress = Callable[[Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Linked:
    """A row's photo and how it looks."""

    photo: Photo
    # 16 hexadecimal digits.
    perceptual_hash: str


@dataclass(slots=True)
class Images:
    """Which image each row names."""

    # Row's name -> path below the folder, or name of the photo in its dataset.
    by_row: dict[str, str] = field(default_factory=dict)
    dataset: Dataset | None = None
    linked: dict[str, Linked] = field(default_factory=dict)


def images_of_folder(
    rows: Sequence[Row], folder: Path, dataset: str, report: Report, progress: Progress
) -> Images:
    """Import the images that rows name into a dataset, and link them.

    Raises DatasetError; so it does for a dataset that has photos which the folder has not: it is
    of something else.
    """
    paths = _paths(folder)
    images = _match(rows, paths, report)
    _dataset_check(dataset, paths)
    files = {folder / path: path for path in dict.fromkeys(images.by_row.values())}
    imported = photos_import(dataset, files, progress=progress)
    images.dataset = dataset_selectors.dataset_named(dataset)
    if images.dataset is None:
        raise DatasetError(_("The dataset %(name)s is gone; run this again.") % {"name": dataset})
    photos = {photo.name: photo for photo in images.dataset.photos.all()}
    for path in imported.refused:
        # The dataset may have another photo of this very name, from another folder.
        photos.pop(path, None)
        same = _same_picture(images.dataset, folder / path)
        if same is not None:
            photos[path] = same
    _link(images, photos, report, imported.refused, progress)
    return images


def images_of_dataset(
    rows: Sequence[Row], dataset: Dataset, report: Report, progress: Progress
) -> Images:
    """Link rows with the photos of a dataset. Raises DatasetError if it has none of them."""
    photos = {photo.name: photo for photo in dataset.photos.all()}
    images = _match(rows, photos, report)
    images.dataset = dataset
    _link(images, photos, report, {}, progress)
    return images


def images_look(rows: Sequence[Row], folder: Path, report: Report, progress: Progress) -> None:
    """Note what the images of a folder would come to, without importing any."""
    images = _match(rows, _paths(folder), report)
    known: dict[str, str] = {}
    for name, path in progress(list(images.by_row.items())):
        try:
            digest = _pixels(folder / path)
        except PhotoRefused as refused:
            report.unreadable.append(Problem(0, name, str(refused)))
            continue
        report.found += 1
        _same_note(report, known, digest, name)


def _dataset_check(name: str, paths: Iterable[str]) -> None:
    """Raise DatasetError if the dataset of this name, if any, has photos beside these."""
    dataset = dataset_selectors.dataset_named(name)
    if dataset is None:
        return
    others = set(dataset.photos.values_list("name", flat=True)).difference(paths)
    if others:
        raise DatasetError(
            _(
                "There is a dataset %(name)s already, with photos that are not in this folder, "
                "such as %(photo)s (%(n)d in all): take another name, or import the images with "
                "import_photos and name their dataset instead of the folder."
            )
            % {"name": name, "photo": min(others), "n": len(others)}
        )


def _paths(folder: Path) -> list[str]:
    files = (path.relative_to(folder).as_posix() for path in folder_files(folder))
    return [path for path in files if Path(path).suffix.lower() in SUFFIXES]


def _match(rows: Sequence[Row], paths: Iterable[str], report: Report) -> Images:
    paths = list(paths)
    finder, images = Finder(paths), Images()
    report.images = True
    for row in rows:
        found = finder.find(row.name)
        if len(found) == 1:
            images.by_row[row.name] = found[0]
        elif found:
            said = f"{len(found)} images have this name: {', '.join(found[:5])}"
            report.ambiguous.append(Problem(0, row.name, said))
        else:
            report.missing.append(Problem(0, row.name, "no image has this name"))
    named = set(images.by_row.values())
    report.unlabelled = [
        Problem(0, path, "no label names it") for path in paths if path not in named
    ]
    if not images.by_row:
        raise DatasetError(
            _(
                "None of the %(n)d images is named by a label, such as %(label)s; images are "
                "called like %(image)s: choose the images that the labels are of."
            )
            % {
                "n": len(paths),
                "label": rows[0].name,
                "image": paths[0] if paths else "—",
            }
        )
    return images


def _link(
    images: Images,
    photos: Mapping[str, Photo],
    report: Report,
    refused: Mapping[str, str],
    progress: Progress,
) -> None:
    hashes: dict[int, str] = {}
    known: dict[str, str] = {}
    for name, path in progress(list(images.by_row.items())):
        photo = photos.get(path)
        if photo is None:
            said = refused.get(path, "it was not taken")
            report.unreadable.append(Problem(0, name, said))
            continue
        try:
            if photo.pk not in hashes:
                hashes[photo.pk] = _looks(photo)
        except PhotoRefused as error:
            report.unreadable.append(Problem(0, name, str(error)))
            continue
        images.linked[name] = Linked(photo, hashes[photo.pk])
        _same_note(report, known, photo.pixel_sha256, name)
    report.found = len(images.linked)


def _same_note(report: Report, known: dict[str, str], digest: str, name: str) -> None:
    first = known.setdefault(digest, name)
    if first != name:
        report.same_picture.append(Problem(0, name, f"it shows the very pixels of {first}"))


def _looks(photo: Photo) -> str:
    """Raises PhotoRefused if the stored file is gone or damaged."""
    try:
        return f"{perceptual_hash(photo_image(photo)):016x}"
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PhotoRefused(f"its stored file cannot be read ({reason})") from error


def _same_picture(dataset: Dataset, path: Path) -> Photo | None:
    """Return the dataset's photo with the pixels of a file that was refused, if that is why."""
    try:
        digest = _pixels(path)
    except PhotoRefused:
        return None
    return dataset.photos.filter(pixel_sha256=digest).first()


def _pixels(path: Path) -> str:
    """Return the hash of a file's picture. Raises PhotoRefused."""
    try:
        image = open_photo(
            path, max_bytes=settings.PHOTO_MAX_BYTES, max_pixels=settings.PHOTO_MAX_PIXELS
        )
    except OSError as error:
        raise PhotoRefused(f"it cannot be read ({error.strerror})") from error
    return pixels_hash(image)
