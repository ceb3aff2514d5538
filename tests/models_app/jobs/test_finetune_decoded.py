"""Decoded photos that fine-tunings share: made once, capped, the unused ones gone first."""

import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from models_app.jobs import finetune_decoded
from models_app.jobs.finetune_decoded import decoded_trim, folder_for
from models_app.models import LabelSplit
from models_app.workers.watch import Watch
from tests.evaluations import label_set_make, split_make
from tests.findings import photos_make
from tests.models_app.jobs.test_finetune import launch
from tests.models_app.jobs.test_pretrain import done, weights

SHARED = "Decoded photos are taken from the file of an earlier run."


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.DECODED_CACHE = tmp_path / "decoded"
    return tmp_path / "decoded"


@pytest.fixture
def split(real_photos, db) -> LabelSplit:
    return split_make(label_set_make(photos_make(real_photos)), test=2)


def file_make(folder: Path, name: str, *, age_s: float, size: int = 1000) -> Path:
    folder.mkdir(exist_ok=True)
    made = folder / f"{name}.bin"
    made.write_bytes(bytes(size))
    for suffix in (".json", ".keys"):
        made.with_suffix(suffix).write_text("{}")
    for each in folder.glob(f"{name}.*"):
        os.utime(each, (time.time() - age_s,) * 2)
    return made


def test_the_next_job_with_the_same_photos_decodes_nothing(split, folder):
    first = done(launch(max_epochs=1))
    assert SHARED not in first.log
    assert len(list(folder.glob("*.bin"))) == 1
    again = done(launch(max_epochs=1))
    assert SHARED in again.log
    assert weights(again) == weights(first)
    # A smaller share of the labels is in another file, and nothing of it is decoded again.
    share = done(launch(max_epochs=1, share=0.5))
    assert "3 decoded photos are taken from files of earlier runs." in share.log
    assert len(list(folder.glob("*.bin"))) == 2


def test_where_they_may_not_stay_each_job_decodes_its_own(split, folder, settings):
    whole = done(launch(max_epochs=1))
    shutil.rmtree(folder)
    settings.DECODED_CACHE_MAX_BYTES = 5 * 32 * 32 * 3 - 1
    alone = done(launch(max_epochs=1))
    assert not folder.exists()
    assert weights(alone) == weights(whole)


def test_a_disk_that_is_nearly_full_keeps_none(folder, monkeypatch):
    assert folder_for(10, 32) == str(folder)
    few = SimpleNamespace(free=2 * 10 * 32 * 32 * 3)
    monkeypatch.setattr(finetune_decoded.shutil, "disk_usage", lambda _path: few)
    assert folder_for(10, 32) == ""
    assert folder_for(9, 32) == str(folder)


def test_what_was_not_used_for_longest_goes_first(folder):
    assert decoded_trim(0) == 0
    for name, age_s in (("old", 300), ("used", 200), ("new", 100)):
        file_make(folder, name, age_s=age_s)
    os.utime(folder / "used.json")
    assert decoded_trim(2500) == 1000
    assert {path.stem for path in folder.iterdir()} == {"new", "used"}
    assert decoded_trim(1000) == 1000
    assert {path.name for path in folder.iterdir()} == {"used.bin", "used.json", "used.keys"}


def test_what_nobody_used_for_two_weeks_goes(folder):
    for name, days in (("forgotten", 15), ("known", 13)):
        file_make(folder, name, age_s=days * 24 * 3600)
    assert decoded_trim(10_000) == 1000
    assert {path.stem for path in folder.iterdir()} == {"known"}


def test_what_a_killed_worker_has_left_goes_after_a_day(folder):
    folder.mkdir()
    for name, age_s in (("left", 25 * 3600), ("at work", 3600)):
        part = folder / f".{name}.part"
        part.write_bytes(b"x")
        os.utime(part, (time.time() - age_s,) * 2)
    decoded_trim(1000)
    assert [path.name for path in folder.iterdir()] == [".at work.part"]


@pytest.mark.django_db
def test_a_worker_looks_after_it(folder, settings):
    made = file_make(folder, "old", age_s=10)
    settings.DECODED_CACHE_MAX_BYTES = 999
    Watch("cpu", 1)._look()
    assert not made.exists()
