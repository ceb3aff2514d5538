"""Ask for contact sheets, and record what came out."""

from contextlib import AbstractContextManager
from typing import Protocol

from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Now

from models_app.files import file_store
from models_app.models import ContactSheet, Photo
from models_app.selectors import pictures as selectors
from models_app.services.jobs import job_create
from models_app.sheets.drawing import Strips

KIND = "contact_sheet"
State = ContactSheet.State


class Lease(Protocol):
    """What proves, while rows are written, that the job is still ours."""

    def saving(self) -> AbstractContextManager[None]: ...


def sheet_ask(photo: Photo, *, preset: str, again: bool = False, by: User | None = None) -> bool:
    """Launch the job that makes a contact sheet; `again` also where there is one or it failed.

    Repeating it is free: what is being made is left alone. False where no job was launched.
    """
    version = selectors.sheet_version(photo, preset)
    with transaction.atomic():
        sheet, _new = ContactSheet.objects.get_or_create(
            photo=photo, preset=preset, defaults={"version": version, "asked_at": Now()}
        )
        # Of two that ask at once, the second one sees the first one's job.
        sheet = ContactSheet.objects.select_for_update().get(pk=sheet.pk)
        if sheet.job is not None and not sheet.job.is_over:
            return False
        if sheet.state == State.READY and sheet.version == version and not again:
            return False
        if sheet.job is not None and selectors.sheet_failed(sheet) and not again:
            return False
        job = job_create(KIND, {"photo": photo.pk, "preset": preset}, by=by, audited=again)
        ContactSheet.objects.filter(pk=sheet.pk).update(
            state=State.PENDING, version=version, asked_at=Now(), job=job
        )
    return True


def sheet_record(lease: Lease, photo: Photo, *, preset: str, strips: Strips) -> None:
    """Store a sheet's strips; those it had before are deleted. Raises LeaseLost."""
    files: dict[str, str] = {}
    try:
        for key, content in strips.files.items():
            files[key] = file_store("sheets", ".jpg", content)
        width, height = strips.cell
        with lease.saving():
            sheet = ContactSheet.objects.select_for_update().get(photo=photo, preset=preset)
            before = dict(sheet.files)
            ContactSheet.objects.filter(pk=sheet.pk).update(
                state=State.READY,
                made_with=selectors.sheet_version(photo, preset),
                files=files,
                cell_width=width,
                cell_height=height,
                made_at=Now(),
            )
    except BaseException:
        _delete(files)
        raise
    _delete(before)


def _delete(files: dict[str, str]) -> None:
    for name in files.values():
        default_storage.delete(name)
