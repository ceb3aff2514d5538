"""Label files that wait in the storage until a worker imports them."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePath
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import IO
from uuid import uuid4
from zipfile import ZIP_STORED, ZipFile

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.translation import gettext as _

from models_app.errors import JobInvalid

UPLOADS = "uploads"
TOKEN = re.compile(r"[0-9a-f]{32}\.labels\.zip")
# AVA.txt has 13 MB.
MOST = 100_000_000
FILES_MOST = 8
NAME_MOST = 100
# What nobody came back for: a cancelled import may be resumed for so long.
KEPT = timedelta(days=7)
SPOOLED = 1 << 22


def uploads_keep(files: Sequence[tuple[str, IO[bytes]]]) -> str:
    """Store (name, content) of label files until a worker has read them; returns their token.

    Raises JobInvalid.
    """
    names = [_name(name) for name, _file in files]
    if not 1 <= len(names) <= FILES_MOST or len(set(names)) < len(names):
        raise JobInvalid(
            _("Choose 1 to %(most)d label files with different names.") % {"most": FILES_MOST},
            "files",
        )
    uploads_clean()
    token = f"{uuid4().hex}.labels.zip"
    with SpooledTemporaryFile(max_size=SPOOLED) as packed:
        with ZipFile(packed, "w", ZIP_STORED) as archive:
            for name, (_given, file) in zip(names, files, strict=True):
                with archive.open(name, "w") as target:
                    while block := file.read(1 << 20):
                        target.write(block)
        if packed.tell() > MOST:
            raise JobInvalid(too_large(packed.tell()), "files")
        packed.seek(0)
        try:
            default_storage.save(f"{UPLOADS}/{token}", File(packed))
        except BaseException:
            # A full disk keeps the part that was written.
            default_storage.delete(f"{UPLOADS}/{token}")
            raise
    return token


def too_large(size: int) -> str:
    return _(
        "The label files have %(size).1f MB; allowed are %(most)d MB: pack them with gzip."
    ) % {
        "size": size / 1e6,
        "most": MOST // 1_000_000,
    }


def _name(given: str) -> str:
    """Return a name that is safe to write; the parts that importers look at stay. JobInvalid."""
    name = re.sub(r"[^\w.()+ -]", "_", PurePath(given.replace("\\", "/")).name)[-NAME_MOST:].strip()
    if not name.strip("._ "):
        raise JobInvalid(_("A label file needs a name; rename it."), "files")
    return name


@contextmanager
def uploads_open(token: str) -> Iterator[list[Path]]:
    """Unpack waiting files on this machine, in the order of their names. Raises JobInvalid."""
    with TemporaryDirectory(prefix="proofsheet-") as folder:
        paths = []
        with default_storage.open(uploads_name(token), "rb") as file, ZipFile(file) as archive:
            for name in archive.namelist():
                path = Path(folder) / _name(name)
                path.write_bytes(archive.read(name))
                paths.append(path)
        yield sorted(paths)


def uploads_name(token: str) -> str:
    """Return the stored name of waiting files. Raises JobInvalid."""
    name = f"{UPLOADS}/{token}"
    if not TOKEN.fullmatch(token) or not default_storage.exists(name):
        raise JobInvalid(
            _("The uploaded label files are no longer there; import them again."), "files"
        )
    return name


def uploads_delete(token: str) -> None:
    if TOKEN.fullmatch(token):
        default_storage.delete(f"{UPLOADS}/{token}")


def uploads_clean() -> int:
    """Delete label files that waited a week in vain; returns how many."""
    try:
        _folders, names = default_storage.listdir(UPLOADS)
    except FileNotFoundError:
        return 0
    before = timezone.now() - KEPT
    old = [
        name
        for name in names
        if TOKEN.fullmatch(name) and default_storage.get_modified_time(f"{UPLOADS}/{name}") < before
    ]
    for name in old:
        uploads_delete(name)
    return len(old)
