"""What an import notes of a photo beside its pixels."""

import pytest

from models_app.models import Photo
from models_app.services.datasets import photos_import

pytestmark = pytest.mark.django_db


def test_the_size_of_each_file_is_noted(real_photos):
    photos_import("d", {path: path.name for path in real_photos[:2]})
    sizes = dict(Photo.objects.values_list("name", "bytes"))
    assert sizes == {path.name: path.stat().st_size for path in real_photos[:2]}


def test_an_older_import_gets_its_sizes_at_the_next_one(real_photos):
    files = {path: path.name for path in real_photos[:2]}
    photos_import("d", files)
    Photo.objects.update(bytes=0)
    report = photos_import("d", files)
    assert (report.taken, report.known) == (0, 2)
    assert not Photo.objects.filter(bytes=0).exists()
