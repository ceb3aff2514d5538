"""Import the photos of an archive into a dataset, each by itself, so that it may stop and go on."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from models_app.errors import DatasetError
from models_app.imaging import PhotoRefused
from models_app.importing.archives import CREDITS, Archive, ArchiveRefused, Entry
from models_app.importing.credits import (
    BYTES_MOST,
    Credit,
    CreditsRefused,
    Matched,
    Table,
    credits_match,
    credits_read,
)
from models_app.importing.names import Name, photo_names
from models_app.models import Dataset, ImportedFile, Photo
from models_app.services.photo_room import archive_room_check, photo_room_check
from models_app.services.photo_taking import (
    FOLDER,
    UNKNOWN,
    About,
    Saving,
    name_check,
    photo_complete,
    photo_look,
    photo_take,
)
from models_app.services.photo_taking import NAME_MOST as NAME_LONGEST

NAME_MOST = 100
Kind = ImportedFile.Outcome


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    entry: Entry
    kind: Kind
    photo: Photo | None = None
    # Why it was refused, or what a photo that was there already is called.
    reason: str = ""


Record = Callable[[Outcome], None]


def dataset_name_check(name: str) -> None:
    """Raises DatasetError for a name that no dataset may have."""
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > NAME_MOST:
        raise DatasetError(
            _("A dataset's name has 1 to %(most)d letters and no blank at its ends.")
            % {"most": NAME_MOST}
        )


def archive_credits(archive: Archive) -> Table:
    """Read the table of credits inside an archive; empty without one. Raises DatasetError."""
    content = archive.credits(BYTES_MOST)
    if content is None:
        return {}
    try:
        return credits_read(content)
    except CreditsRefused as refused:
        raise ArchiveRefused(
            _("%(name)s in the archive: %(said)s") % {"name": CREDITS, "said": refused}
        ) from refused


def archive_check(archive: Archive) -> Table:
    """Look at an archive before it is kept; returns its credits.

    Raises ArchiveRefused, or NoRoom where the disk cannot take its photos.
    """
    if not archive.photos:
        first = next(iter(archive.entries), None)
        said = f" {first.path[:80]}: {first.reason}." if first else ""
        raise ArchiveRefused(_("The archive has no photo that can be taken.") + said)
    archive_room_check(archive.unpacked)
    return archive_credits(archive)


class ArchiveImport:
    """The work of one import; iterate over it.

    Each file's outcome is recorded in the transaction of its photo, so an attempt that is killed
    leaves no photo that nobody knows of, and the next one leaves out what `done` names.
    """

    def __init__(
        self,
        archive: Archive,
        dataset_name: str,
        *,
        credits: Table | None = None,
        default: Credit = UNKNOWN,
        done: Collection[int] = (),
        mine: Collection[int] = (),
        folder: str = FOLDER,
        saving: Saving = transaction.atomic,
        record: Record = lambda _outcome: None,
    ) -> None:
        """`done`: places of files that earlier attempts have recorded; `mine`: their photos.

        `folder`: where in the storage new ones go.
        """
        dataset_name_check(dataset_name)
        self._archive = archive
        self._dataset_name = dataset_name
        self._default, self._folder = default, folder
        self._done, self._mine = set(done), set(mine)
        self._saving, self._record = saving, record
        photos = archive.photos
        paths = [entry.path for entry in photos]
        self._names = {
            entry.place: name for entry, name in zip(photos, photo_names(paths), strict=True)
        }
        table = {**archive_credits(archive), **(credits or {})}
        self.credits: Matched = credits_match(table, paths)
        self.total = len(archive.entries)

    def __iter__(self) -> Iterator[Outcome]:
        """Do one file after the other; one photo is in memory at a time.

        Raises NoRoom before the first of them, or where the disk has filled up meanwhile.
        """
        archive_room_check(self._archive.unpacked - self._stored())
        for entry in self._archive.entries:
            if entry.place not in self._done:
                yield self._do(entry)

    @cached_property
    def dataset(self) -> Dataset:
        """Made with its first photo: an archive that is refused whole leaves none behind."""
        return Dataset.objects.get_or_create(name=self._dataset_name)[0]

    @cached_property
    def _known(self) -> set[str]:
        photos = Photo.objects.filter(dataset__name=self._dataset_name)
        return set(photos.values_list("file_sha256", flat=True))

    def _stored(self) -> int:
        """Bytes of the dataset's photos: an earlier attempt may have taken them from here."""
        photos = Photo.objects.filter(dataset__name=self._dataset_name)
        return int(photos.aggregate(total=Sum("bytes"))["total"] or 0)

    def _do(self, entry: Entry) -> Outcome:
        try:
            return self._take(entry)
        except PhotoRefused as refused:
            outcome = Outcome(entry, Kind.REFUSED, reason=str(refused))
        with self._saving():
            self._record(outcome)
        return outcome

    def _take(self, entry: Entry) -> Outcome:
        if entry.reason:
            raise PhotoRefused(entry.reason)
        name = self._names[entry.place]
        name_check(name.short)
        look = photo_look(self._archive.read(entry), self._known)
        if look.pixel_sha256:
            # No file that is known.
            photo_room_check(len(look.content))
        row = self.credits.by_path.get(entry.path, UNKNOWN)
        photo, new = photo_take(
            self.dataset,
            look,
            [each for each in (name.short, name.long) if len(each) <= NAME_LONGEST],
            About(row.filled(self._default)),
            suffix=entry.suffix,
            folder=self._folder,
            saving=self._saving,
            note=lambda photo: self._record(Outcome(entry, Kind.IMPORTED, photo)),
        )
        if new:
            self._known.add(photo.file_sha256)
            self._mine.add(photo.pk)
            return Outcome(entry, Kind.IMPORTED, photo)
        if photo.pk in self._mine:
            raise PhotoRefused(
                _("it is a duplicate of %(name)s: the same picture, taken already")
                % {"name": photo.name}
            )
        # What it is known for is not undone by what is meant for the rest.
        here = Credit(photo.credit, photo.licence, photo.source_url)
        outcome = Outcome(entry, Kind.KNOWN, photo, _there(photo, name))
        with self._saving():
            photo_complete(photo, look, About(row.filled(here).filled(self._default)))
            self._record(outcome)
        return outcome


def _there(photo: Photo, name: Name) -> str:
    if photo.name in {name.short, name.long}:
        return ""
    return _("the dataset calls it %(name)s") % {"name": photo.name}
