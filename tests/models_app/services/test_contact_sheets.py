"""Asking for sheets, claiming them, recording them; nothing is rendered here."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from kombu.exceptions import OperationalError
from PIL import Image

from models_app import selectors, tasks
from models_app.errors import SheetError
from models_app.models import ContactSheet, Photo
from models_app.services import contact_sheets
from models_app.services.contact_sheets import (
    ASK_AGAIN_S,
    CLAIM_S,
    TRIES,
    sheet_ask,
    sheet_claim,
    sheet_fail,
    sheet_record,
)
from models_app.services.datasets import photos_import
from models_app.sheets import making
from models_app.sheets.drawing import Strips

pytestmark = pytest.mark.django_db
PRESET = "pfister2021"


@pytest.fixture
def photo(real_photos) -> Photo:
    photos_import("d", {real_photos[2]: "coffee.png"})
    return Photo.objects.get()


@pytest.fixture
def sent(monkeypatch) -> list[int]:
    sent: list[int] = []
    monkeypatch.setattr(contact_sheets, "_send", sent.append)
    return sent


@pytest.fixture
def ask(photo: Photo, sent: list[int], django_capture_on_commit_callbacks):
    def asked(**more: bool) -> bool:
        with django_capture_on_commit_callbacks(execute=True):
            return sheet_ask(photo, preset=PRESET, **more)

    return asked


def strips() -> Strips:
    out = io.BytesIO()
    Image.new("RGB", (60, 20)).save(out, "JPEG")
    return Strips({"contrast": out.getvalue(), "tint": out.getvalue()}, (10, 20))


def later(seconds: int) -> None:
    """Everything so far was so much earlier."""
    sheet = ContactSheet.objects.get()
    past = timedelta(seconds=seconds)
    sheet.sent_at -= past
    sheet.asked_at -= past
    if sheet.claimed_at:
        sheet.claimed_at -= past
    sheet.save()


def stored() -> set[str]:
    folder = Path(default_storage.location) / "sheets"
    return {f"sheets/{path.name}" for path in folder.glob("*")}


def test_asking_twice_is_one_row_and_one_message(ask, sent: list[int]):
    assert ask() is True
    assert ask() is False
    sheet = ContactSheet.objects.get()
    assert sheet.state == "pending"
    assert sent == [sheet.pk]


def test_the_message_is_sent_when_the_row_is_there(photo: Photo, sent: list[int]):
    sheet_ask(photo, preset=PRESET)
    assert sent == []


def test_a_lost_message_is_sent_again(ask, sent: list[int]):
    ask()
    later(ASK_AGAIN_S + 1)
    assert ask() is True
    assert ask() is False
    assert len(sent) == 2


def test_a_second_delivery_finds_nothing_to_do(ask):
    ask()
    pk = ContactSheet.objects.get().pk
    work = sheet_claim(pk)
    assert work is not None
    assert sheet_claim(pk) is None
    assert sheet_record(work, strips())
    assert sheet_claim(pk) is None
    assert tasks.make_contact_sheet(pk) is False
    assert tasks.make_contact_sheet(0) is False


def test_a_working_worker_is_not_disturbed(ask, sent: list[int]):
    ask()
    assert sheet_claim(ContactSheet.objects.get().pk)
    later(ASK_AGAIN_S + 1)
    assert ask() is False
    assert len(sent) == 1


def test_a_dead_worker_is_replaced_and_cannot_write_any_more(ask, sent: list[int]):
    ask()
    pk = ContactSheet.objects.get().pk
    before = stored()
    assert sheet_claim(pk)
    later(CLAIM_S + 1)
    dead = ContactSheet.objects.get()
    assert ask() is True
    alive = sheet_claim(pk)
    assert alive is not None
    assert sheet_record(alive, strips()) is True
    late = contact_sheets.SheetWork(dead, None, "old")
    assert sheet_record(late, strips()) is False
    assert sheet_fail(late, "too late") is False
    sheet = ContactSheet.objects.get()
    assert (sheet.state, sheet.error) == ("ready", "")
    assert stored() - before == set(sheet.files.values())


def test_a_photo_that_kills_workers_is_given_up(ask):
    ask()
    pk = ContactSheet.objects.get().pk
    for _worker in range(TRIES):
        assert sheet_claim(pk)
        later(CLAIM_S + 1)
    assert sheet_claim(pk) is None
    sheet = ContactSheet.objects.get()
    assert (sheet.state, sheet.error[:20]) == ("failed", "3 workers died over ")
    assert ask(again=True) is True
    assert sheet_claim(pk)


def test_a_sheet_of_older_formulas_is_made_again(ask, photo: Photo, monkeypatch):
    ask()
    work = sheet_claim(ContactSheet.objects.get().pk)
    assert work is not None
    assert sheet_record(work, strips())
    before = set(ContactSheet.objects.get().files.values())
    assert ask() is False
    assert selectors.sheet_get(photo, PRESET) is not None
    monkeypatch.setattr(selectors, "RENDERING", "newer")
    assert selectors.sheet_get(photo, PRESET) is None
    assert ask() is True
    work = sheet_claim(ContactSheet.objects.get().pk)
    assert work is not None
    assert sheet_record(work, strips())
    sheet = selectors.sheet_get(photo, PRESET)
    assert sheet is not None
    assert sheet.version == sheet.made_with == "newer"
    assert not before & stored()


def test_another_partner_is_another_sheet(photo: Photo, real_photos):
    alone = selectors.sheet_version(photo, "sheng2020")
    photos_import("d", {real_photos[1]: "chelsea.png"})
    assert selectors.sheet_version(photo, "sheng2020") != alone
    assert selectors.sheet_version(photo, PRESET) == alone


def test_a_worker_that_was_not_restarted_is_told_from_one_that_was(ask, monkeypatch):
    ask()
    monkeypatch.setattr(selectors, "RENDERING", "older")
    work = sheet_claim(ContactSheet.objects.get().pk)
    assert work is not None
    assert sheet_record(work, strips())
    sheet = ContactSheet.objects.get()
    assert (sheet.state, sheet.made_with) == ("ready", "older")
    assert sheet.version != "older"


def test_a_finished_sheet_is_made_again_only_when_asked(ask):
    ask()
    work = sheet_claim(ContactSheet.objects.get().pk)
    assert work is not None
    sheet_fail(work, "because")
    assert ask() is False
    assert ContactSheet.objects.get().state == "failed"
    assert ask(again=True) is True
    sheet = ContactSheet.objects.get()
    assert (sheet.state, sheet.error, sheet.tries) == ("pending", "", 0)


def test_what_is_wrong_with_a_photo_is_recorded_in_words(ask, monkeypatch):
    ask()

    def refuse(*_photo: object, **_options: object) -> Strips:
        raise SheetError("coffee.png: it is gone")

    monkeypatch.setattr(making, "strips_make", refuse)
    assert tasks.make_contact_sheet(ContactSheet.objects.get().pk) is True
    assert ContactSheet.objects.get().error == "coffee.png: it is gone"


def test_a_full_disk_leaves_no_file_and_says_so(ask, monkeypatch):
    ask()
    before = stored()
    save = default_storage.save

    def second_fails(name: str, content: object) -> str:
        if stored() - before:
            raise OSError(28, "No space left on device")
        return save(name, content)

    monkeypatch.setattr(making, "strips_make", lambda *_photo, **_options: strips())
    monkeypatch.setattr(default_storage, "save", second_fails)
    with pytest.raises(OSError, match="No space"):
        tasks.make_contact_sheet(ContactSheet.objects.get().pk)
    sheet = ContactSheet.objects.get()
    assert (sheet.state, sheet.files) == ("failed", {})
    assert sheet.error == "The worker failed (No space left on device); its log says more."
    assert stored() == before


def test_a_worker_asks_at_its_start_for_what_is_missing(ask, sent: list[int]):
    ask()
    sent.clear()
    tasks.ask_at_start()
    assert sent == [ContactSheet.objects.get().pk]
    ContactSheet.objects.update(state="ready")
    tasks.ask_at_start()
    assert len(sent) == 1


def test_without_a_broker_the_row_waits(
    photo: Photo, monkeypatch, django_capture_on_commit_callbacks
):
    def no_broker(*_message: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(contact_sheets.current_app, "send_task", no_broker)
    with django_capture_on_commit_callbacks(execute=True):
        sheet_ask(photo, preset=PRESET)
    assert ContactSheet.objects.get().state == "pending"
    assert ContactSheet.objects.get().sent_at <= timezone.now()
