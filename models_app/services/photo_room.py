"""Whether the disk takes photos, before it is full: people vote on the same one meanwhile."""

import shutil
from pathlib import Path

from django.core.files.storage import FileSystemStorage, default_storage
from django.utils.translation import gettext as _

from models_app.errors import DatasetError

# Bytes that no import takes: the database may lie on the same disk, and votes need it.
KEPT_FREE = 200_000_000


class NoRoom(DatasetError):
    """The disk cannot take more; what was imported stays, and the rest may come later."""


def archive_room_check(need: int) -> None:
    """Raises NoRoom where photos of `need` bytes in all cannot be stored; none need no room."""
    free = _free()
    if free is None or need <= max(0, free - KEPT_FREE):
        return
    raise NoRoom(
        _(
            "The photos of the archive have %(need)s MB; the server's disk has %(free)s MB left, "
            "of which %(kept)s MB stay free: free some space, or import fewer photos."
        )
        % {"need": _mb(need), "free": _mb(free), "kept": _mb(KEPT_FREE)}
    )


def photo_room_check(size: int) -> None:
    """Raises NoRoom where one more photo of so many bytes cannot be stored."""
    free = _free()
    if free is None or free - KEPT_FREE >= size:
        return
    raise NoRoom(
        _(
            "The server's disk has %(free)s MB left, of which %(kept)s MB stay free: free some "
            "space and go on with the import; what was imported stays."
        )
        % {"free": _mb(free), "kept": _mb(KEPT_FREE)}
    )


def _free() -> int | None:
    """Bytes left where photos are stored; None for a bucket, which has no such number."""
    if not isinstance(default_storage, FileSystemStorage):
        return None
    folder = Path(default_storage.location)
    while not folder.exists():
        # A new installation makes it with its first photo.
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f}"
