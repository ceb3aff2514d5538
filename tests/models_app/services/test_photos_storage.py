"""Clean-up and disk use on whichever storage the tests are run with (a folder, or a bucket)."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from models_app.models import Dataset
from models_app.services import cleanup
from models_app.services.cleanup import Plan, clean_plan, clean_up, disk_use
from models_app.services.datasets import photos_import
from models_app.services.thumbnails import thumb_name, thumb_read

pytestmark = pytest.mark.django_db


def test_lost_files_are_found_and_removed_and_named_ones_stay(real_photos, monkeypatch):
    photos_import("demo", {real_photos[0]: "a.png"}, credits={})
    photo = Dataset.objects.get().photos.get()
    size = len(thumb_read(photo, 320))
    assert disk_use()[photo.dataset_id].thumbs.bytes >= size
    lost = {
        default_storage.save(name, ContentFile(b"12345"))
        for name in (
            "stimuli/lost.jpg",
            "sheets/lost.jpg",
            "thumbs/ff/lost.jpg",
            "photos/ff/lost.jpg",
        )
    }
    assert not lost & {name for name, _size in clean_plan().orphans}
    # Storages note whole seconds; a minute ahead, everything is old.
    monkeypatch.setattr(cleanup, "ORPHAN_AGE_S", -60)
    found = dict(clean_plan().orphans)
    assert lost <= set(found)
    assert thumb_name(photo.pixel_sha256, 320) not in found
    assert photo.file not in found
    # Others' files stay: only what this test has stored goes.
    done = clean_up(Plan((), tuple((name, found[name]) for name in sorted(lost))), by=None)
    assert (done.files, done.bytes, done.failed) == (4, 20, 0)
    assert not any(default_storage.exists(name) for name in lost)
    assert thumb_read(photo, 320)
