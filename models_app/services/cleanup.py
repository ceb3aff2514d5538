"""What disk is used for, and letting go of pictures that nothing needs."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from models_app.files import files_below
from models_app.models import Dataset, Rendition
from models_app.selectors import datasets as selectors
from models_app.selectors.datasets import Renditions
from models_app.services.photo_taking import FOLDER as PHOTOS
from models_app.services.photos import Person
from models_app.services.thumbnails import FOLDER as THUMBS
from models_app.services.thumbnails import thumb_names
from survey.services import upkeep
from survey.services.audit import audit_record

logger = logging.getLogger(__name__)

STIMULI, SHEETS = "stimuli", "sheets"
FOLDERS = (PHOTOS, STIMULI, SHEETS, THUMBS)
# A file is stored before the row that names it; by then that has long happened.
ORPHAN_AGE_S = 3600
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """Files of a kind, counted."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(self.files + other.files, self.bytes + other.bytes)


@dataclass(slots=True)
class Use:
    """What a dataset's photos take on the disk beside their own files."""

    sheets: Kept = field(default_factory=Kept)
    thumbs: Kept = field(default_factory=Kept)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a clean-up would remove."""

    renditions: tuple[Renditions, ...] = ()
    # (stored file, bytes) that no row names.
    orphans: tuple[tuple[str, int], ...] = ()

    @property
    def files(self) -> int:
        return sum(group.files for group in self.renditions) + len(self.orphans)

    @property
    def bytes(self) -> int:
        return sum(g.bytes for g in self.renditions) + sum(size for _name, size in self.orphans)

    @property
    def orphan_bytes(self) -> int:
        return sum(size for _name, size in self.orphans)

    @property
    def is_empty(self) -> bool:
        return not self.renditions and not self.orphans


@dataclass(slots=True)
class Done:
    files: int = 0
    bytes: int = 0
    # Files that could not be deleted; without a row they count as orphans from now on.
    failed: int = 0


def disk_use() -> dict[int, Use]:
    """Measure contact sheets and thumbnails by dataset; asks the storage for each file's size.

    A thumbnail that two datasets share counts in both.
    """
    use: dict[int, Use] = {}
    sheets = dict(_sizes(SHEETS))
    for dataset, name in selectors.sheet_files():
        if name in sheets:
            of = use.setdefault(dataset, Use())
            of.sheets += Kept(1, sheets[name])
    thumbs = dict(_sizes(THUMBS))
    for dataset, pixels in selectors.photo_pixels():
        of = use.setdefault(dataset, Use())
        for name in thumb_names(pixels):
            if name in thumbs:
                of.thumbs += Kept(1, thumbs[name])
    return use


def clean_plan(dataset: Dataset | None = None) -> Plan:
    """Find what nothing needs; of one dataset, its renditions only.

    Renditions go where no survey shows them, or only closed ones that never handed out a pair.
    Orphans belong to no dataset: files of photos, pictures, sheets and thumbnails that no row
    names, as a kill between a file and its row leaves them.
    """
    kept = upkeep.surveys_kept()
    unused = tuple(
        group
        for group in selectors.renditions_grouped(dataset.pk if dataset else None)
        if not kept.intersection(group.surveys)
    )
    return Plan(unused, tuple(_orphans()) if dataset is None else ())


def clean_up(plan: Plan, *, by: Person) -> Done:
    """Remove what a plan names, as far as nothing needs it by now either."""
    done = Done()
    for group in plan.renditions:
        names = _renditions_forget(group)
        # Only after their rows are gone for good: a row never names a file that is not there.
        _delete(names, done)
    # What was stored or named since the plan was made stays.
    named = _named()
    _delete(((name, size) for name, size in plan.orphans if name not in named), done)
    audit_record(
        actor=by,
        action="renditions.clean",
        target="dataset",
        label=", ".join(sorted({group.name for group in plan.renditions})),
        detail={"files": done.files, "bytes": done.bytes, "failed": done.failed},
    )
    return done


@transaction.atomic
def _renditions_forget(group: Renditions) -> list[tuple[str, int]]:
    """Delete the rows of unused renditions and say which files they named.

    Nothing where a survey needs them by now. The lock keeps new surveys of the dataset waiting.
    """
    Dataset.objects.select_for_update().get(pk=group.dataset)
    again = [
        found
        for found in selectors.renditions_grouped(group.dataset)
        if (found.preset, found.long_side, found.encoding)
        == (group.preset, group.long_side, group.encoding)
    ]
    if not again or upkeep.surveys_kept().intersection(again[0].surveys):
        return []
    if not all(upkeep.pictures_forget(survey) for survey in again[0].surveys):
        # Undoes what was forgotten of the others.
        transaction.set_rollback(True)
        return []
    mine = Rendition.objects.filter(
        photo__dataset=group.dataset,
        preset=group.preset,
        long_side=group.long_side,
        encoding=group.encoding,
    )
    rows = list(mine.values_list("pk", "file", "bytes"))
    for first in range(0, len(rows), CHUNK):
        keys = [pk for pk, _file, _size in rows[first : first + CHUNK]]
        Rendition.objects.filter(pk__in=keys).delete()
    return [(file, size) for _pk, file, size in rows if file]


def _delete(files: Iterable[tuple[str, int]], done: Done) -> None:
    for name, size in files:
        try:
            default_storage.delete(name)
        except OSError as error:
            logger.warning("cannot delete %s: %s", name, error)
            done.failed += 1
        else:
            done.files += 1
            done.bytes += size


def _orphans() -> Iterator[tuple[str, int]]:
    before = timezone.now() - timedelta(seconds=ORPHAN_AGE_S)
    # Listed before the rows are read: a file of now is too young anyway.
    stored = [name for folder in FOLDERS for name in files_below(folder)]
    named = _named()
    for name in sorted(stored):
        if name in named:
            continue
        try:
            if default_storage.get_modified_time(name) < before:
                yield name, default_storage.size(name)
        except FileNotFoundError:
            # Whoever stored it took it back.
            continue


def _named() -> set[str]:
    named = set(selectors.rendition_files())
    named.update(upkeep.picture_files())
    named.update(selectors.photo_files())
    named.update(name for _dataset, name in selectors.sheet_files())
    for _dataset, pixels in selectors.photo_pixels():
        named.update(thumb_names(pixels))
    return named


def _sizes(folder: str) -> Iterator[tuple[str, int]]:
    for name in files_below(folder):
        try:
            yield name, default_storage.size(name)
        except FileNotFoundError:
            continue
