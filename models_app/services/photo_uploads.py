"""Photos and tables of credits that wait in the storage until a worker imports them."""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePath
from tempfile import NamedTemporaryFile
from typing import IO, Any
from uuid import uuid4
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from models_app.errors import DatasetError, JobInvalid
from models_app.imaging import FORMATS_TEXT, SUFFIXES
from models_app.importing.archives import Archive, archive_open
from models_app.importing.credits import BYTES_MOST, Table, credits_read
from models_app.models import Job
from models_app.services.photo_archives import archive_check

KIND = "import_photos"
UPLOADS = "uploads"
TOKEN = re.compile(r"[0-9a-f]{32}\.photos\.zip")
TABLE = re.compile(r"[0-9a-f]{32}\.credits\.csv")
# What nobody came back for: a cancelled or failed import may be resumed for so long.
KEPT = timedelta(days=7)
# What a browser was sending when the server went down.
INCOMING_KEPT_S = 24 * 3600
CHUNK = 1 << 20


def max_bytes() -> int:
    return int(settings.PHOTO_IMPORT_MAX_BYTES)


def too_large(size: int) -> str:
    return _(
        "The upload has %(size)s MB; allowed are %(most)s MB: divide it, raise "
        "PHOTO_IMPORT_MAX_MB, or import it with the command below."
    ) % {"size": f"{size / 1e6:,.0f}", "most": f"{max_bytes() / 1e6:,.0f}"}


def no_room(size: int) -> str:
    """Say that the disk cannot take an upload and the photos in it; empty where it can."""
    free = shutil.disk_usage(settings.FILE_UPLOAD_TEMP_DIR).free
    if free >= 2 * size:
        return ""
    return _(
        "The server's disk has %(free)s MB left; the upload and its photos need %(need)s MB: free "
        "some space."
    ) % {"free": f"{free / 1e6:,.0f}", "need": f"{2 * size / 1e6:,.0f}"}


def upload_keep(
    files: "Sequence[UploadedFile[bytes]]", table: "UploadedFile[bytes] | None" = None
) -> str:
    """Look at what was uploaded and store it until a worker has read it; returns its token.

    One zip, or photos, which become one. Nothing is kept of what is refused. Raises JobInvalid.
    """
    uploads_clean()
    token = f"{uuid4().hex}.photos.zip"
    try:
        credits = _table_read(table)
        with _packed(files) as packed:
            with archive_open(packed, max_bytes=settings.PHOTO_MAX_BYTES) as archive:
                archive_check(archive)
            packed.seek(0)
            _save(token, packed)
        if credits:
            _save(_table_name(token), ContentFile(credits))
    except BaseException as error:
        upload_delete(token)
        if isinstance(error, DatasetError):
            raise JobInvalid(str(error), "files") from error
        raise
    return token


@contextmanager
def upload_open(token: str) -> Iterator[tuple[Archive, Table]]:
    """Open a waiting archive with the credits that came beside it. Raises JobInvalid."""
    with (
        default_storage.open(upload_name(token), "rb") as file,
        archive_open(file, max_bytes=settings.PHOTO_MAX_BYTES) as archive,
    ):
        yield archive, _table_stored(token)


def upload_name(token: str) -> str:
    """Return the stored name of a waiting archive. Raises JobInvalid."""
    name = f"{UPLOADS}/{token}"
    if not TOKEN.fullmatch(token) or not default_storage.exists(name):
        raise JobInvalid(
            _("The uploaded photos are no longer there; choose them again on the page Add photos."),
            "upload",
        )
    return name


def upload_delete(token: str) -> None:
    if TOKEN.fullmatch(token):
        for name in (token, _table_name(token)):
            default_storage.delete(f"{UPLOADS}/{name}")


def upload_lost(job: Job) -> bool:
    """Whether a failed import has nothing left that a second attempt could read."""
    if job.resume.get("over"):
        return False
    try:
        upload_name(str(job.config.get("upload", "")))
    except JobInvalid:
        return True
    return False


def uploads_clean() -> int:
    """Delete what waited a week in vain, and what broken uploads left; returns how many files."""
    before = timezone.now() - KEPT
    awaited = set(_awaited())
    old = [
        name
        for name in _waiting()
        if name not in awaited and default_storage.get_modified_time(f"{UPLOADS}/{name}") < before
    ]
    for name in old:
        default_storage.delete(f"{UPLOADS}/{name}")
    return len(old) + _incoming_clean()


def _awaited() -> Iterator[str]:
    """Names of files that a job is still to read, however long it has waited."""
    living = Job.objects.filter(kind=KIND, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    for config in living.values_list("config", flat=True):
        token = str(config.get("upload", ""))
        yield from (token, _table_name(token))


def _waiting() -> list[str]:
    try:
        _folders, names = default_storage.listdir(UPLOADS)
    except FileNotFoundError:
        return []
    return [name for name in names if TOKEN.fullmatch(name) or TABLE.fullmatch(name)]


def _incoming_clean() -> int:
    before = timezone.now().timestamp() - INCOMING_KEPT_S
    gone = 0
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*"):
        if path.is_file() and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _table_name(token: str) -> str:
    return token.removesuffix(".photos.zip") + ".credits.csv"


def _table_read(table: "UploadedFile[bytes] | None") -> bytes:
    """Check the uploaded credits; returns them. Raises JobInvalid, naming row and column."""
    if table is None or table.file is None:
        return b""
    content = table.file.read(BYTES_MOST + 1)
    try:
        credits_read(content)
    except DatasetError as refused:
        raise JobInvalid(str(refused), "credits") from refused
    return bytes(content)


def _table_stored(token: str) -> Table:
    name = f"{UPLOADS}/{_table_name(token)}"
    if not default_storage.exists(name):
        return {}
    with default_storage.open(name, "rb") as file:
        return credits_read(file.read())


@contextmanager
def _packed(files: "Sequence[UploadedFile[bytes]]") -> Iterator[IO[bytes] | Any]:
    """Yield the one zip that was uploaded, or photos as one. Raises JobInvalid."""
    if not files:
        raise JobInvalid(_("There is no file; choose a zip, or photos."), "files")
    names = [_base_name(file) for file in files]
    zips = [name for name in names if name.lower().endswith(".zip")]
    if zips and len(files) > 1:
        raise JobInvalid(_("Choose one zip, or photos; not several of both."), "files")
    if zips:
        yield files[0]
        return
    if len({name.lower() for name in names}) < len(names):
        raise JobInvalid(_("Two of the photos have the same name; rename one of them."), "files")
    for name in names:
        if PurePath(name).suffix.lower() not in SUFFIXES:
            raise JobInvalid(
                _("%(name)s is no zip and no photo by its name; photos are %(formats)s.")
                % {"name": name[:100], "formats": FORMATS_TEXT},
                "files",
            )
    with NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR, suffix=".upload.zip") as packed:
        with ZipFile(packed, "w", ZIP_STORED) as archive:
            for name, file in zip(names, files, strict=True):
                with archive.open(ZipInfo(name), "w", force_zip64=True) as target:
                    for chunk in file.chunks(CHUNK):
                        target.write(chunk)
        yield packed


def _base_name(file: "UploadedFile[bytes]") -> str:
    return PurePath((file.name or "").replace("\\", "/")).name


def _save(name: str, content: Any) -> None:
    default_storage.save(
        f"{UPLOADS}/{name}", content if isinstance(content, File) else File(content)
    )
