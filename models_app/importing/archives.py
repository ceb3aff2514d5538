"""A zip that nobody trusts: what is in it, and its photos one at a time.

Nothing is unpacked to a path of the archive's choice. What a header claims is looked at first and
never relied on: every read has a limit of its own.
"""

import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END
from itertools import pairwise
from pathlib import PurePosixPath
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext as _

from models_app.errors import DatasetError
from models_app.imaging import FORMATS_TEXT, SUFFIXES, PhotoRefused
from models_app.importing.names import folded, is_beside, outside, path_of

CREDITS = "credits.csv"
ENTRIES_MOST = 100_000
# Of one read, of which the archive's own list is the largest: 100,000 entries need about 13 MB.
READ_MOST = 16 << 20
CHUNK = 1 << 20
# A photo hardly shrinks in a zip. What claims to grow so much is made to fill a disk or a memory.
RATIO_MOST = 100
RATIO_FROM = 1_000_000
# Of all photos together: small ones are not looked at above, and 100,000 of them are not small.
TOTAL_RATIO_MOST = 20
TOTAL_RATIO_FROM = 10_000_000
# Of other methods Python's readers have no limit: one LZMA entry may ask for 4 GB of memory.
METHODS = {ZIP_STORED, ZIP_DEFLATED}
ENCRYPTED = 0x1 | 0x40
LOCAL_HEADER = 30
ARCHIVES = {".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".jar", ".cbz"}
DAMAGES = (
    BadZipFile, EOFError, IndexError, NotImplementedError, OverflowError, RuntimeError,
    UnicodeError, ValueError, struct.error, zlib.error,
)  # fmt: skip


class ArchiveRefused(DatasetError):
    """The archive as a whole is not taken; one sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive that is a photo by its name, or refused already."""

    # In the archive's own list.
    place: int
    path: str
    # Why it is not taken; empty: it is to be read.
    reason: str = ""

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix.lower()


class Archive:
    """An open zip; made by `archive_open`. Entries may be read from several threads."""

    def __init__(self, opened: ZipFile, *, size: int, max_bytes: int) -> None:
        self._zip = opened
        self._max_bytes = max_bytes
        self._infos = opened.infolist()
        if len(self._infos) > ENTRIES_MOST:
            raise ArchiveRefused(
                _("The archive has %(n)d entries; allowed are %(most)d: divide it.")
                % {"n": len(self._infos), "most": ENTRIES_MOST}
            )
        _overlap_check(self._infos)
        # Folders and what systems put beside photos.
        self.skipped = 0
        self._credits: ZipInfo | None = None
        self.entries = self._entries()
        self._total_check(size)

    @property
    def photos(self) -> list[Entry]:
        return [entry for entry in self.entries if not entry.reason]

    @property
    def unpacked(self) -> int:
        """Bytes that all photos claim to have; `read` returns none with more than its claim."""
        return sum(self._infos[entry.place].file_size for entry in self.photos)

    def read(self, entry: Entry) -> bytes:
        """Return a photo's file. Raises PhotoRefused where it is damaged or too large."""
        return self._read(self._infos[entry.place], self._max_bytes)

    def credits(self, most: int) -> bytes | None:
        """Return the archive's own table of credits; None without one. Raises ArchiveRefused."""
        if self._credits is None:
            return None
        try:
            return self._read(self._credits, most)
        except PhotoRefused as refused:
            raise ArchiveRefused(f"{CREDITS}: {refused}") from refused

    def _entries(self) -> list[Entry]:
        found, seen = [], set()
        tables = sorted(
            (path_of(info).count("/"), place)
            for place, info in enumerate(self._infos)
            if PurePosixPath(path_of(info)).name.lower() == CREDITS and not is_beside(path_of(info))
        )
        table = tables[0][1] if tables else -1
        for place, info in enumerate(self._infos):
            path = path_of(info)
            reason = outside(path)
            if not reason and (info.is_dir() or path.endswith("/") or is_beside(path)):
                self.skipped += 1
                continue
            reason = reason or _kind_reason(info)
            if place == table and not reason:
                self._credits = info
                continue
            reason = reason or _name_reason(path) or self._size_reason(info)
            if not reason and folded(path) in seen:
                reason = _("the archive has another file of this name: keep one, or rename it")
            if not reason:
                seen.add(folded(path))
            found.append(Entry(place, path, reason))
        return found

    def _size_reason(self, info: ZipInfo) -> str:
        if info.file_size > self._max_bytes:
            return _too_large(info.file_size, self._max_bytes)
        if info.file_size > RATIO_FROM and info.file_size > RATIO_MOST * info.compress_size:
            return _(
                "it claims to unpack to more than %(n)d times its size, as no photo does: "
                "save it anew"
            ) % {"n": RATIO_MOST}
        return ""

    def _total_check(self, size: int) -> None:
        total = self.unpacked
        if total > max(TOTAL_RATIO_FROM, TOTAL_RATIO_MOST * size):
            raise ArchiveRefused(
                _(
                    "The archive of %(size).1f MB claims to unpack to %(total)s MB, more than "
                    "%(n)d times its size, as no photos do: save them anew as JPEG or PNG."
                )
                % {"size": size / 1e6, "total": f"{total / 1e6:,.0f}", "n": TOTAL_RATIO_MOST}
            )

    def _read(self, info: ZipInfo, most: int) -> bytes:
        content = bytearray()
        try:
            with self._zip.open(info) as file:
                while block := file.read(CHUNK):
                    content += block
                    if len(content) > most:
                        raise PhotoRefused(_too_large(len(content), most))
        except (PhotoRefused, ArchiveRefused):
            raise
        except DAMAGES as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise PhotoRefused(
                _("it is damaged in the archive (%(said)s): pack it anew") % {"said": said[:200]}
            ) from error
        if len(content) != info.file_size:
            raise PhotoRefused(
                _("it is damaged in the archive (its size is not as stated): pack it anew")
            )
        return bytes(content)


@contextmanager
def archive_open(file: IO[bytes], *, max_bytes: int) -> Iterator[Archive]:
    """Open a zip of photos of up to `max_bytes` each. Raises ArchiveRefused."""
    try:
        # What it is given has all that it calls.
        file.seek(0, SEEK_END)
        size = file.tell()
        opened = ZipFile(cast("IO[bytes]", _Bounded(file)))
    except DAMAGES as error:
        raise ArchiveRefused(
            _("The file is no zip, or a damaged one; pack the photos as an ordinary zip.")
        ) from error
    with opened:
        yield Archive(opened, size=size, max_bytes=max_bytes)


class _Bounded:
    """Refuses a read that would hold an endless list of entries in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = b"" if size > READ_MOST else self._file.read(READ_MOST + 1 if size < 0 else size)
        if size > READ_MOST or len(found) > READ_MOST:
            raise ArchiveRefused(
                _("The archive's list of entries is too long; divide the archive.")
            )
        return found

    def close(self) -> None:
        """Leave it to whoever has opened it."""


def _kind_reason(info: ZipInfo) -> str:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return _("it is a link, no file: pack the photo itself")
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return _("it is no ordinary file: pack the photos only")
    if info.flag_bits & ENCRYPTED:
        return _("it is encrypted: pack the photos without a password")
    if info.compress_type not in METHODS:
        return _("it is packed by a method that is not read: pack the photos as an ordinary zip")
    return ""


def _name_reason(path: str) -> str:
    name = PurePosixPath(path)
    if name.suffix.lower() in ARCHIVES:
        return _("it is an archive inside the archive: pack its photos themselves")
    if name.name.lower() == CREDITS:
        return _("the archive has another table of credits: make one of them")
    if name.suffix.lower() not in SUFFIXES:
        return _("it is no photo by its name; photos are %(formats)s") % {"formats": FORMATS_TEXT}
    return ""


def _too_large(size: int, most: int) -> str:
    return _("it has %(size).1f MB; allowed are %(most).0f MB: save it smaller") % {
        "size": size / 1e6,
        "most": most / 1e6,
    }


def _overlap_check(infos: list[ZipInfo]) -> None:
    """Raise ArchiveRefused where entries lie on top of each other: few bytes unpack to many.

    https://www.bamsoftware.com/hacks/zipbomb/
    """
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for info, following in pairwise(ordered):
        end = info.header_offset + LOCAL_HEADER + info.compress_size
        if info.header_offset < 0 or end > following.header_offset:
            raise ArchiveRefused(
                _("Entries of the archive lie on top of each other; pack the photos anew.")
            )
