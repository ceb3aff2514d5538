"""Import photos of a folder: each taken, known already, or refused by name with its reason."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from models_app.datasets.lists import Listed
from models_app.errors import DatasetError
from models_app.imaging import SUFFIXES, PhotoRefused
from models_app.importing.credits import Credit
from models_app.models import Dataset
from models_app.services.photo_taking import (
    About,
    name_check,
    photo_complete,
    photo_look,
    photo_take,
)


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
    credits: Mapping[Path, str | Credit] | None = None,
    progress: Callable[[Iterable[Path]], Iterable[Path]] = iter,
    report: ImportReport | None = None,
) -> ImportReport:
    """Import files (path -> name) into a dataset; each photo is committed by itself.

    Stopped and started again it goes on: what is stored is known by its hash and not decoded
    again. A `report` that is given is right at every moment, also when this is interrupted. One
    photo is in memory at a time.
    """
    dataset, _created = Dataset.objects.get_or_create(name=dataset_name)
    listed = listed or {}
    report = ImportReport() if report is None else report
    report.unlisted = len(set(listed) - {Path(name).name for name in files.values()})
    known = set(dataset.photos.values_list("file_sha256", flat=True))
    for path in progress(files):
        name = files[path]
        if path.suffix.lower() not in SUFFIXES:
            report.other.append(name)
            continue
        credit = (credits or {}).get(path, "")
        about = About(Credit(credit) if isinstance(credit, str) else credit, listed.get(path.name))
        try:
            new = _photo_import(dataset, path, name, known, about)
        except PhotoRefused as refused:
            report.refused[name] = str(refused)
        else:
            report.taken += new
            report.known += not new
    return report


def _photo_import(dataset: Dataset, path: Path, name: str, known: set[str], about: About) -> bool:
    name_check(name)
    look = photo_look(_read(path), known)
    photo, new = photo_take(dataset, look, [name], about, suffix=path.suffix.lower())
    if not new:
        if photo.name != name:
            raise PhotoRefused(
                f"it is a duplicate of {photo.name}: the same picture, taken already"
            )
        photo_complete(photo, look, about)
    known.add(photo.file_sha256)
    return new


def _read(path: Path) -> bytes:
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
    return content
