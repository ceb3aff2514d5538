"""Labels from the browser: nothing there, an import with its worker, the set; on a phone."""

from pathlib import Path

import pytest

from models_app.imaging import open_photo
from models_app.models import LabelSet
from models_app.services.datasets import photos_import
from models_app.services.labels import labels_import
from tests.browser.conftest import Visitor
from tests.browser.test_nima import log_in
from tests.jobs import work_all

LABELS = "/dashboard/models/labels/"
# Votes of AVA's image 953619, turned by one score a line.
VOTES = [1, 5, 17, 38, 36, 15, 6, 5, 1, 0]


@pytest.fixture
def ava(tmp_path: Path) -> Path:
    path = tmp_path / "AVA.txt"
    turned = [VOTES[n:] + VOTES[:n] for n in range(10)]
    rows = [f"{n} {100 + n} {' '.join(map(str, turned[n % 10]))} 1 22 1396" for n in range(1, 41)]
    path.write_text("\n".join([*rows, rows[3], "43 143 1 2"]))
    return path


@pytest.fixture
def photos(tmp_path: Path, real_photos: list[Path]) -> None:
    files = {}
    for number, path in enumerate(real_photos, start=101):
        small = tmp_path / f"{number}.jpg"
        open_photo(path).resize((384, 256)).save(small)
        files[small] = small.name
    photos_import("Holidays", files)


def fits(visitor: Visitor) -> bool:
    return visitor.page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_labels_are_imported_and_looked_at(visit, ava: Path, photos: None):
    visitor = visit()
    log_in(visitor, LABELS)
    page = visitor.page
    assert visitor.violations() == []
    page.click("text=Import labels")
    page.select_option("#kind", "ava")
    page.click("text=Go on")
    page.fill("#option-name", "Holidays judged")
    page.select_option("#option-dataset", "Holidays")
    page.set_input_files("#files", ava)
    assert visitor.violations() == []
    page.click("main button:has-text('Import')")
    page.wait_for_url("**/jobs/*/")
    assert work_all() == 1
    label_set = LabelSet.objects.get()
    visitor.open(f"{LABELS}{label_set.pk}/")
    assert page.locator("h1").inner_text() == "Holidays judged"
    assert page.locator(".gallery li").count() == 6
    page.click("summary:has-text('line 42')")
    assert page.locator("li:has-text('it has 4 columns; expected are 15')").is_visible()
    assert visitor.violations() == []
    assert (visitor.errors, len(visitor.hosts)) == ([], 1)


def test_a_phone_shows_all_of_it(visit, ava: Path, photos: None):
    label_set = labels_import("ava", ava, name="Labels alone").label_set
    assert label_set is not None
    labels_import("ava", ava, name="Drawn by a program", is_generated=True)
    visitor = visit(390, 844)
    log_in(visitor, LABELS)
    for path in ("", f"{label_set.pk}/", "import/?kind=generic"):
        visitor.open(LABELS + path)
        assert fits(visitor), path
        assert visitor.violations() == [], path
