"""Asking for sheets and recording them; the rendering itself is tested with the sheets."""

import io

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from models_app.errors import LeaseLost, SheetError
from models_app.files import files_below
from models_app.jobs.context import Context
from models_app.models import ContactSheet, Job, Photo
from models_app.selectors import pictures as selectors
from models_app.services import jobs, leases
from models_app.services.contact_sheets import sheet_ask, sheet_record
from models_app.services.datasets import photos_import
from models_app.sheets import making
from models_app.sheets.drawing import Strips
from tests.jobs import work_all, workers_die

pytestmark = pytest.mark.django_db
PRESET = "pfister2021"


@pytest.fixture
def photo(real_photos) -> Photo:
    photos_import("d", {real_photos[2]: "coffee.png"})
    return Photo.objects.get()


def strips() -> Strips:
    out = io.BytesIO()
    Image.new("RGB", (60, 20)).save(out, "JPEG")
    return Strips({"contrast": out.getvalue(), "tint": out.getvalue()}, (10, 20))


@pytest.fixture
def quick(monkeypatch) -> None:
    """Sheets of two tiny strips."""
    monkeypatch.setattr(making, "strips_make", lambda *_photo, **_options: strips())


def stored() -> set[str]:
    return set(files_below("sheets"))


def test_asking_twice_is_one_sheet_and_one_job(photo: Photo):
    assert sheet_ask(photo, preset=PRESET) is True
    assert sheet_ask(photo, preset=PRESET) is False
    assert sheet_ask(photo, preset=PRESET, again=True) is False
    sheet, job = ContactSheet.objects.get(), Job.objects.get()
    assert (sheet.state, sheet.job, job.priority) == ("pending", job, 10)


def test_a_sheet_is_made_once(photo: Photo, quick):
    sheet_ask(photo, preset=PRESET)
    assert work_all() == 1
    sheet = ContactSheet.objects.get()
    assert (sheet.state, sheet.cell_width, sheet.cell_height) == ("ready", 10, 20)
    assert set(sheet.files) == {"contrast", "tint"}
    assert sheet_ask(photo, preset=PRESET) is False
    assert work_all() == 0


def test_a_worker_that_was_taken_for_dead_writes_nothing(photo: Photo):
    sheet_ask(photo, preset=PRESET)
    before = stored()
    dead = leases.job_claim("cpu", worker="dead")
    workers_die()
    leases.jobs_reconcile()
    alive = leases.job_claim("cpu", worker="alive")
    assert alive.pk == dead.pk
    sheet_record(Context(alive), photo, preset=PRESET, strips=strips())
    with pytest.raises(LeaseLost):
        sheet_record(Context(dead), photo, preset=PRESET, strips=strips())
    assert stored() - before == set(ContactSheet.objects.get().files.values())


def test_a_photo_that_kills_workers_is_given_up(photo: Photo, quick):
    sheet_ask(photo, preset=PRESET)
    for _worker in range(leases.CRASHES):
        assert leases.job_claim("cpu", worker="w")
        workers_die()
        leases.jobs_reconcile()
    sheet = ContactSheet.objects.select_related("job").get()
    assert selectors.sheet_failed(sheet)
    assert sheet.job.error.startswith("3 workers died over this job")
    assert sheet_ask(photo, preset=PRESET) is False
    assert sheet_ask(photo, preset=PRESET, again=True) is True
    work_all()
    assert ContactSheet.objects.get().state == "ready"


def test_a_sheet_of_older_formulas_is_made_again(photo: Photo, quick, monkeypatch):
    sheet_ask(photo, preset=PRESET)
    work_all()
    before = set(ContactSheet.objects.get().files.values())
    assert selectors.sheet_get(photo, PRESET) is not None
    monkeypatch.setattr(selectors, "RENDERING", "newer")
    assert selectors.sheet_get(photo, PRESET) is None
    assert sheet_ask(photo, preset=PRESET) is True
    work_all()
    sheet = selectors.sheet_get(photo, PRESET)
    assert sheet.version == sheet.made_with == "newer"
    assert not before & stored()


def test_another_partner_is_another_sheet(photo: Photo, real_photos):
    alone = selectors.sheet_version(photo, "sheng2020")
    photos_import("d", {real_photos[1]: "chelsea.png"})
    assert selectors.sheet_version(photo, "sheng2020") != alone
    assert selectors.sheet_version(photo, PRESET) == alone


def test_a_worker_that_was_not_restarted_is_told_from_one_that_was(
    photo: Photo, quick, monkeypatch
):
    sheet_ask(photo, preset=PRESET)
    monkeypatch.setattr(selectors, "RENDERING", "older")
    work_all()
    sheet = ContactSheet.objects.get()
    assert (sheet.state, sheet.made_with) == ("ready", "older")
    assert sheet.version != "older"


def test_what_is_wrong_with_a_photo_is_said_in_words(photo: Photo, monkeypatch):
    sheet_ask(photo, preset=PRESET)

    def refuse(*_photo: object, **_options: object) -> Strips:
        raise SheetError("coffee.png: it is gone")

    monkeypatch.setattr(making, "strips_make", refuse)
    work_all()
    job = ContactSheet.objects.select_related("job").get().job
    assert (job.state, job.error) == ("failed", "coffee.png: it is gone")


def test_a_full_disk_leaves_no_file_and_says_so(photo: Photo, quick, monkeypatch):
    sheet_ask(photo, preset=PRESET)
    before = stored()
    save = default_storage.save

    def second_fails(name: str, content: object) -> str:
        if stored() - before:
            raise OSError(28, "No space left on device")
        return save(name, content)

    monkeypatch.setattr(default_storage, "save", second_fails)
    work_all()
    sheet = ContactSheet.objects.select_related("job").get()
    assert (sheet.state, sheet.files) == ("pending", {})
    assert sheet.job.error == "The disk is full; free some space, then resume the job."
    assert stored() == before


def test_a_cancelled_job_is_asked_for_again_only_by_hand(photo: Photo):
    sheet_ask(photo, preset=PRESET)
    jobs.job_cancel(Job.objects.get())
    assert sheet_ask(photo, preset=PRESET) is False
    assert sheet_ask(photo, preset=PRESET, again=True) is True
