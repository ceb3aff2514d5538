"""Names inside an archive: which lead astray, and what photos of them are called."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from zipfile import ZipInfo

from django.utils.translation import gettext as _

# Flag bit 11 of an entry: its name is UTF-8 (APPNOTE 6.3.10, 4.4.4).
UTF8 = 0x800
DRIVE = re.compile(r"[A-Za-z]:")
# What systems put beside photos; nobody means to import it.
SYSTEM_FILES = {"thumbs.db", "desktop.ini", "ehthumbs.db"}
SYSTEM_FOLDERS = {"__macosx"}


@dataclass(frozen=True, slots=True)
class Name:
    """What a photo of an archive is called in a dataset."""

    short: str
    # Taken where a dataset has another photo of the short name.
    long: str


def path_of(info: ZipInfo) -> str:
    """Return an entry's path as its maker meant it: slashes between folders, composed letters.

    macOS packs UTF-8 names without saying so, which read as an older code page are gibberish, and
    takes accents apart; old programs for Windows write backslashes.
    """
    name = info.orig_filename
    if not info.flag_bits & UTF8:
        # Else it is of that code page.
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def outside(path: str) -> str:
    """Say why a path leads out of the archive or is none; empty for a harmless one."""
    if "\0" in path:
        return _("its name has a zero byte: rename the file and pack it anew")
    if not path.strip("/. ") or len(path.encode("utf-8", "replace")) > 4096:
        return _("its name is no file name: rename the file and pack it anew")
    if path.startswith("/"):
        return _("its path begins at the root of a disk: pack the folder of the photos anew")
    if DRIVE.match(path):
        return _("its path begins with a drive letter: pack the folder of the photos anew")
    if ".." in path.split("/"):
        return _("its path leads out of the archive (..): pack the folder of the photos anew")
    return ""


def is_beside(path: str) -> bool:
    """Whether a system put it there: folders of macOS, thumbnails, hidden files."""
    parts = path.split("/")
    return (
        parts[-1].lower() in SYSTEM_FILES
        or any(part.lower() in SYSTEM_FOLDERS for part in parts)
        or any(part.startswith(".") for part in parts)
    )


def folded(path: str) -> str:
    """Return what is equal for names that a system may take for the same file."""
    return unicodedata.normalize("NFC", path).casefold()


def photo_names(paths: Sequence[str]) -> list[Name]:
    """Name photos by their paths, in the order given.

    The base name where one photo alone has it (in whatever case); else all of these with their
    folders, below the folder that all photos of the archive share.
    """
    shared = _shared([PurePosixPath(path).parent.parts for path in paths])
    counts = Counter(folded(PurePosixPath(path).name) for path in paths)
    names = []
    for path in paths:
        parts = PurePosixPath(path).parts
        long = "/".join(parts[shared:])
        is_alone = counts[folded(parts[-1])] == 1
        names.append(Name(parts[-1] if is_alone else long, long))
    return names


def _shared(folders: Iterable[tuple[str, ...]]) -> int:
    """Count the folders at the beginning that all have in common."""
    found = list(folders)
    if not found:
        return 0
    first, last = min(found), max(found)
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    return shared
