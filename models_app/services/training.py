"""What a pretraining leaves behind while it works: states to go on from."""

import tarfile
from collections.abc import Iterable
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction

from models_app.errors import JobInvalid
from models_app.models import Job, JobArtifact
from models_app.services.checkpoints import file_hash, stored_file
from models_app.services.leases import lease_hold


def artifacts_drop(job: Job, names: Iterable[str]) -> None:
    """Delete files of a job; the rows first, so that no row is without its file.

    Raises LeaseLost, and then nothing is deleted.
    """
    with transaction.atomic():
        lease_hold(job)
        found = JobArtifact.objects.filter(job=job, name__in=list(names))
        files = list(found.values_list("file", flat=True))
        found.delete()
    for file in files:
        default_storage.delete(file)


def folder_pack(folder: Path, packed: Path, *, without: Iterable[Path]) -> None:
    """Write a folder into one tar file, but for some of what lies in it."""
    left_out = {str(path.relative_to(folder)) for path in without}

    def wanted(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if info.name in left_out else info

    with tarfile.open(packed, "w") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, path.name, filter=wanted)


def folder_fetch(job: Job, name: str, sha256: str, folder: Path) -> str:
    """Unpack a stored state into a folder; returns what is wrong with it, empty where all is well.

    A state that is damaged is not unpacked.
    """
    artifact = JobArtifact.objects.filter(job=job, name=name).first()
    if artifact is None:
        return "gone"
    try:
        with stored_file(artifact.file) as path:
            if file_hash(path) != sha256:
                return "damaged"
            folder.mkdir(parents=True, exist_ok=True)
            with tarfile.open(path) as tar:
                # Nothing leaves the folder, whatever the file says.
                tar.extractall(folder, filter="data")
    except JobInvalid:
        return "gone"
    return ""
