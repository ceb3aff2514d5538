"""Celery tasks: claim, call, finish. Heavy imports inside the bodies."""

from itertools import groupby
from operator import attrgetter
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from models_app import selectors
from models_app.errors import SheetError
from models_app.services import contact_sheets, publish, renditions


@worker_ready.connect
def ask_at_start(**_kwargs: Any) -> None:
    """Whatever the broker forgot while no worker ran is asked for again."""
    renditions.rendering_request()
    contact_sheets.sheets_request()


@shared_task(name=renditions.TASK)
def render_missing() -> int:
    """Render one photo's missing pictures, then ask for the next; returns how many were stored."""
    from models_app.rendering import work_render

    work = renditions.work_claim()
    if work is None:
        # Nothing free, but perhaps claimed by a worker that died a moment ago.
        if selectors.renditions_missing():
            renditions.rendering_request(after_s=renditions.LOOK_AGAIN_S)
        return 0
    try:
        for _distortion, done in groupby(work_render(work), attrgetter("distortion")):
            publish.renditions_finish(list(done))
    except Exception:
        renditions.work_release(work)
        raise
    renditions.rendering_request()
    return len(work.renditions)


@shared_task(name=contact_sheets.TASK)
def make_contact_sheet(pk: int) -> bool:
    """Make a contact sheet; False where there was nothing left to do."""
    from models_app.sheets.making import strips_make

    work = contact_sheets.sheet_claim(pk)
    if work is None:
        return False
    try:
        strips = strips_make(work.sheet.photo, preset=work.sheet.preset, partner=work.partner)
        return contact_sheets.sheet_record(work, strips)
    except SheetError as error:
        return contact_sheets.sheet_fail(work, str(error))
    except Exception as error:
        contact_sheets.sheet_fail(work, contact_sheets.broken(error))
        raise
