"""Checkpoints: files that wait to be imported, importing them, deleting what nothing uses."""

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from models_app.errors import JobConflict, JobInvalid
from models_app.files import file_store
from models_app.models import Checkpoint, Job
from models_app.selectors import findings as selectors
from models_app.services.jobs import job_create
from survey.services.audit import audit_record

KIND = "import_checkpoint"
UPLOADS = "uploads"
# Where an admin of the server puts files of weights, below the folder of everything written.
FOLDER = "checkpoints"
SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".ckpt")
TOKEN = re.compile(r"[0-9a-f]{32}\.(safetensors|pth|pt|bin|ckpt)")
# What nobody came back for: a cancelled import may be resumed for so long.
KEPT = timedelta(days=7)
CHUNK = 1 << 20


def max_bytes() -> int:
    return int(settings.CHECKPOINT_MAX_BYTES)


def folder() -> Path:
    return Path(settings.VAR) / FOLDER


def server_files() -> list[str]:
    """Names of the files of weights in the server's folder, by name."""
    if not folder().is_dir():
        return []
    found = (path for path in folder().iterdir() if path.is_file() and not path.is_symlink())
    return sorted(path.name for path in found if path.suffix.lower() in SUFFIXES)


def server_file_keep(name: str) -> str:
    """Copy a file of the server's folder to where workers find it; returns its token.

    Only a name that `server_files` lists is taken, never a path. Raises JobInvalid.
    """
    if name not in server_files():
        raise JobInvalid(
            _("There is no file %(name)r in the folder of checkpoints; there are: %(names)s.")
            % {"name": name[:80], "names": ", ".join(server_files()) or _("none")},
            "file",
        )
    with (folder() / name).open("rb") as file:
        return upload_keep(file, name)


def upload_keep(file: IO[bytes], name: str) -> str:
    """Store a file of weights until a worker has looked at it; returns its token.

    Nothing of its name is kept but the kind of file. Raises JobInvalid.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise JobInvalid(
            _("%(name)r is no file of weights by its name; allowed are names that end in %(ends)s.")
            % {"name": name[-80:], "ends": ", ".join(SUFFIXES)},
            "file",
        )
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    if size > max_bytes():
        raise JobInvalid(too_large(size), "file")
    uploads_clean()
    token = f"{uuid4().hex}{suffix}"
    try:
        default_storage.save(f"{UPLOADS}/{token}", File(file))
    except BaseException:
        # A full disk keeps the part that was written.
        default_storage.delete(f"{UPLOADS}/{token}")
        raise
    return token


def too_large(size: int) -> str:
    return _("The file has %(size).1f MB; allowed are %(most)d MB: save the weights alone.") % {
        "size": size / 1e6,
        "most": max_bytes() // 1_000_000,
    }


def upload_name(token: str) -> str:
    """Return the stored name of a waiting file. Raises JobInvalid."""
    name = f"{UPLOADS}/{token}"
    if not TOKEN.fullmatch(token) or not default_storage.exists(name):
        raise JobInvalid(
            _("The uploaded file is no longer there; import it again on the page of checkpoints."),
            "upload",
        )
    return name


def upload_delete(token: str) -> None:
    if TOKEN.fullmatch(token):
        default_storage.delete(f"{UPLOADS}/{token}")


def uploads_clean() -> int:
    """Delete files that waited a week in vain; returns how many."""
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
        upload_delete(name)
    return len(old)


@transaction.atomic
def import_launch(config: dict[str, Any], *, by: User | None = None) -> Job:
    """Launch the job that checks and stores weights; its file goes where it is refused.

    Raises JobInvalid.
    """
    try:
        return job_create(KIND, config, by=by)
    except JobInvalid:
        upload_delete(str(config.get("upload", "")))
        raise


@contextmanager
def checkpoint_file(checkpoint: Checkpoint) -> Iterator[Path]:
    """Copy a checkpoint's file from the storage to this machine. Raises JobInvalid."""
    with stored_file(checkpoint.file) as path:
        if file_hash(path) != checkpoint.sha256:
            raise JobInvalid(
                _("The stored file of checkpoint %(name)s is damaged; import it again.")
                % {"name": checkpoint.name},
                "checkpoint",
            )
        yield path


@contextmanager
def stored_file(name: str) -> Iterator[Path]:
    """Copy a file from the storage, which may be a bucket, chunk by chunk. Raises JobInvalid."""
    with TemporaryDirectory(prefix="proofsheet-") as folder:
        path = Path(folder) / f"weights{Path(name).suffix}"
        try:
            with default_storage.open(name, "rb") as source, path.open("wb") as target:
                shutil.copyfileobj(source, target, CHUNK)
        except FileNotFoundError:
            raise JobInvalid(
                _("The file of these weights is gone from the storage; import it again.")
            ) from None
        yield path


def file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checkpoint_store(path: Path) -> str:
    """Store a safetensors file for good; returns its stored name."""
    with path.open("rb") as file:
        return file_store(FOLDER, ".safetensors", File(file))


def checkpoint_record(
    *,
    name: str,
    architecture: str,
    file: str,
    path: Path,
    preprocessing: dict[str, Any],
    is_random: bool,
    is_generated: bool = False,
    began_random: bool = False,
    source: str,
    by: User | None,
    purpose: str = Checkpoint.Purpose.JUDGE,
    made_by: Job | None = None,
    parent: Checkpoint | None = None,
) -> Checkpoint:
    """Write the row of a stored file. Raises JobInvalid for a name that is taken."""
    try:
        with transaction.atomic():
            return Checkpoint.objects.create(
                name=name,
                architecture=architecture,
                file=file,
                bytes=path.stat().st_size,
                sha256=file_hash(path),
                preprocessing=preprocessing,
                is_random=is_random,
                is_generated=is_generated,
                began_random=began_random,
                source=source,
                created_by=by.get_username() if by else "",
                purpose=purpose,
                made_by=made_by,
                parent=parent,
            )
    except IntegrityError:
        raise JobInvalid(name_taken(name), "name") from None


def name_taken(name: str) -> str:
    return _("There is a checkpoint %(name)s already; choose another name.") % {"name": name}


def checkpoint_delete(checkpoint: Checkpoint, *, by: User | None = None) -> None:
    """Delete weights that no result refers to. Raises JobConflict.

    The file goes after the row: a crash between leaves a file without a row.
    """
    with transaction.atomic():
        locked = Checkpoint.objects.select_for_update().filter(pk=checkpoint.pk).first()
        if locked is None:
            return
        users = selectors.checkpoint_users(locked)
        if users:
            raise JobConflict(
                _(
                    "Checkpoint %(name)s cannot be deleted: jobs refer to it (%(jobs)s); delete "
                    "them first."
                )
                % {"name": locked.name, "jobs": ", ".join(f"#{job.pk}" for job in users[:5])}
            )
        audit_record(
            actor=by,
            action="checkpoint.delete",
            target="checkpoint",
            target_id=locked.pk,
            label=locked.name,
            detail={"sha256": locked.sha256, "architecture": locked.architecture},
        )
        locked.delete()
    default_storage.delete(checkpoint.file)
