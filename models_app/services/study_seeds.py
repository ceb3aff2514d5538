"""Small data for a study where the real images are missing: real label rows on drawn images."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from models_app.errors import DatasetError
from models_app.labels.base import LabelsRefused, Row, Scale
from models_app.labels.generated import image_draw
from models_app.labels.kinds.tid2013 import DEVIATIONS
from models_app.labels.registry import importer_get
from models_app.labels.text import lines_read
from models_app.models import Dataset, LabelSet, LabelSplit
from models_app.selectors import findings as finding_selectors
from models_app.selectors import labels as selectors
from models_app.services.datasets import folder_files, photos_import
from models_app.services.labels import labels_import
from models_app.services.splits import split_create
from models_app.splits.base import SplitRefused

PHOTOS, AVA, TID, SPLIT = "study-photos", "drawn-ava", "drawn-tid2013", "seeded"
# Enough to train, validate and test in minutes.
SHARES = {"validation_share": 0.15, "test_share": 0.25, "seed": 1}
Said = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much of each; fewer where there are not so many."""

    photos: int = 48
    images: int = 320
    references: int = 8


def photos_seed(files: Mapping[Path, str] | None, folder: Path | None, wanted: Wanted) -> Dataset:
    """Import some photos of a folder, evenly chosen by name; those given as they are.

    Raises DatasetError.
    """
    if files is None:
        if folder is None:
            raise DatasetError(_("Give a folder of photos."))
        found = folder_files(folder)
        step = max(1, len(found) // wanted.photos)
        files = {path: path.name for path in found[::step][: wanted.photos]}
    photos_import(PHOTOS, files)
    dataset = finding_selectors.dataset_named(PHOTOS)
    if dataset is None or not dataset.photos.exists():
        raise DatasetError(_("None of these files is a photo that can be read."))
    return dataset


def ava_seed(path: Path, wanted: Wanted, *, by: User | None = None) -> LabelSet:
    """Draw images for some rows of a file in AVA.txt's layout, and split them.

    Raises DatasetError, SplitRefused.
    """
    lines = [" ".join(cells) for _line, cells in lines_read(path)]
    # A choice that does not hang on the order of the file.
    chosen = sorted(lines, key=_digest)[: wanted.images]
    found = selectors.label_set_named(AVA)
    if found is None:
        with TemporaryDirectory(prefix="proofsheet-") as scratch:
            found = _drawn_import("ava", AVA, {path.name: chosen}, Path(scratch), ".png", by=by)
    _split_make(found, by=by)
    return found


def tid_seed(path: Path, wanted: Wanted, *, by: User | None = None) -> LabelSet:
    """Draw images for the first references of TID2013's `mos_with_names.txt`.

    Raises DatasetError.
    """
    found = selectors.label_set_named(TID)
    if found is not None:
        return found
    lines = [cells for _line, cells in lines_read(path)]
    references = sorted({cells[-1].lower()[:3] for cells in lines})[: wanted.references]
    places = [place for place, cells in enumerate(lines) if cells[-1].lower()[:3] in references]
    tables = {path.name: [" ".join(lines[place]) for place in places]}
    deviations = path.parent / DEVIATIONS
    if deviations.is_file():
        every = [" ".join(cells) for _line, cells in lines_read(deviations)]
        tables[DEVIATIONS] = [every[place] for place in places]
    with TemporaryDirectory(prefix="proofsheet-") as scratch:
        return _drawn_import("tid2013", TID, tables, Path(scratch), "", by=by)


def _drawn_import(
    kind: str,
    name: str,
    tables: Mapping[str, Sequence[str]],
    scratch: Path,
    suffix: str,
    *,
    by: User | None,
) -> LabelSet:
    """Write the tables and the drawn images into a folder, and import both, marked as drawn."""
    for file, lines in tables.items():
        # A packed table is written plain.
        (scratch / file.removesuffix(".gz")).write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = scratch / next(iter(tables)).removesuffix(".gz")
    try:
        read = importer_get(kind).read(table, {})
    except LabelsRefused as refused:
        raise DatasetError(str(refused)) from refused
    images = scratch / "images"
    images.mkdir()
    images_write(read.rows, read.scale, images, suffix)
    made = labels_import(kind, table, name=name, images=images, is_generated=True, by=by).label_set
    if made is None:
        raise DatasetError(_("No label set came of %(file)s.") % {"file": table.name})
    return made


def images_write(rows: Iterable[Row], scale: Scale, folder: Path, suffix: str = ".png") -> None:
    """Draw the image of every row into a folder, under the row's name."""
    for row in rows:
        image_draw(row, scale).save(folder / f"{row.name}{suffix}")


def _split_make(label_set: LabelSet, *, by: User | None) -> LabelSplit:
    found = label_set.splits.filter(name=SPLIT).first()
    try:
        return found or split_create(label_set, SPLIT, "random", SHARES, by=by)
    except SplitRefused as refused:
        raise DatasetError(str(refused)) from refused


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()
