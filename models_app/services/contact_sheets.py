"""Ask for contact sheets, claim them for rendering, record what came out."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from celery import current_app
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from models_app import selectors
from models_app.distortions.registry import PRESETS
from models_app.models import ContactSheet, Photo
from models_app.sheets.drawing import Strips

logger = logging.getLogger(__name__)

TASK = "models_app.make_contact_sheet"
# Older than this a claim belongs to a worker that died: rendering one photo takes seconds.
CLAIM_S = 120
# A message without an answer is sent again, however many pages wait, no sooner than this.
ASK_AGAIN_S = 10
# So many workers may die over one photo.
TRIES = 3
State = ContactSheet.State


@dataclass(frozen=True, slots=True)
class SheetWork:
    """A claimed contact sheet, and the photo that some distortions mix its own with."""

    sheet: ContactSheet
    partner: Photo | None
    version: str


def sheet_ask(photo: Photo, *, preset: str, again: bool = False) -> bool:
    """Ask a worker for a contact sheet; `again` also where there is one or it failed.

    Repeating it is free: what is being made is left alone, and a message is sent again only when
    the last one seems lost or its worker dead. False where none was sent.
    """
    now = timezone.now()
    version = selectors.sheet_version(photo, preset)
    asked = {
        "version": version,
        "state": State.PENDING,
        "asked_at": now,
        "sent_at": now,
        "claimed_at": None,
        "tries": 0,
        "error": "",
    }
    with transaction.atomic():
        sheet, new = ContactSheet.objects.get_or_create(photo=photo, preset=preset, defaults=asked)
        mine = ContactSheet.objects.filter(pk=sheet.pk)
        done = mine.exclude(state=State.PENDING)
        asks = (
            new
            or (done if again else done.exclude(version=version)).update(**asked)
            or mine.filter(_unanswered(now)).update(sent_at=now)
        )
        if asks:
            transaction.on_commit(lambda: _send(sheet.pk))
    return bool(asks)


def _free(now: datetime) -> Q:
    old = Q(claimed_at__lt=now - timedelta(seconds=CLAIM_S))
    return Q(state=State.PENDING) & (Q(claimed_at=None) | old)


def _unanswered(now: datetime) -> Q:
    return _free(now) & Q(sent_at__lt=now - timedelta(seconds=ASK_AGAIN_S))


def sheets_request() -> None:
    """Ask a worker for every sheet that is still to be made."""
    waiting = ContactSheet.objects.filter(state=State.PENDING, preset__in=PRESETS)
    for pk in waiting.order_by("asked_at").values_list("pk", flat=True):
        _send(pk)


def _send(pk: int) -> None:
    try:
        current_app.send_task(TASK, [pk])
    except OperationalError as error:
        logger.warning("no broker (%s); contact sheets are made once a worker starts", error)


def sheet_claim(pk: int) -> SheetWork | None:
    """Claim a pending sheet, or None: another worker has it, or it is made.

    Compare and set on `claimed_at`.
    """
    now = timezone.now()
    free = ContactSheet.objects.filter(_free(now), pk=pk)
    worn = _("%(n)d workers died over this photo, perhaps for want of memory.") % {"n": TRIES}
    if free.filter(tries__gte=TRIES).update(state=State.FAILED, error=worn):
        return None
    sheet = free.select_related("photo__dataset").first()
    if sheet is None or not free.update(claimed_at=now, tries=F("tries") + 1):
        return None
    sheet.claimed_at = now
    partner = selectors.partner_get(sheet.photo, sheet.preset)
    return SheetWork(sheet, partner, selectors.sheet_version(sheet.photo, sheet.preset))


def sheet_record(work: SheetWork, strips: Strips) -> bool:
    """Store a claimed sheet's strips; False where another worker took it over meanwhile."""
    sheet = work.sheet
    files: dict[str, str] = {}
    try:
        for key, content in strips.files.items():
            # A random name: two workers never write the same file.
            name = f"sheets/{uuid4().hex}.jpg"
            files[key] = default_storage.save(name, ContentFile(content))
        width, height = strips.cell
        recorded = _finish(
            sheet,
            state=State.READY,
            made_with=work.version,
            files=files,
            cell_width=width,
            cell_height=height,
            made_at=timezone.now(),
        )
    except BaseException:
        _delete(files)
        raise
    _delete(sheet.files if recorded else files)
    return recorded


def sheet_fail(work: SheetWork, reason: str) -> bool:
    """Record why a claimed sheet cannot be made."""
    return _finish(work.sheet, state=State.FAILED, error=reason[:255])


def broken(error: Exception) -> str:
    """Say that it is no fault of the photo."""
    what = getattr(error, "strerror", None) or type(error).__name__
    return _("The worker failed (%(what)s); its log says more.") % {"what": what}


def _finish(sheet: ContactSheet, **values: object) -> bool:
    mine = ContactSheet.objects.filter(
        pk=sheet.pk, state=State.PENDING, claimed_at=sheet.claimed_at
    )
    return mine.update(**values) == 1


def _delete(files: dict[str, str]) -> None:
    for name in files.values():
        default_storage.delete(name)
