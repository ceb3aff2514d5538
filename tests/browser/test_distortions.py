"""The page of distortions in a browser: empty, preparing, ready, and on a phone."""

from pathlib import Path

from django.contrib.auth.models import User

from models_app.models import ContactSheet, Photo
from models_app.services.datasets import photos_import
from tests.browser.conftest import Visitor
from tests.jobs import work_all

PAGE = "/dashboard/models/distortions/"


def log_in(visitor: Visitor) -> None:
    User.objects.create_superuser("ada", password="correct horse battery")
    visitor.open(f"/login/?next={PAGE}")
    visitor.page.fill("[name=username]", "ada")
    visitor.page.fill("[name=password]", "correct horse battery")
    visitor.page.press("[name=password]", "Enter")
    visitor.page.wait_for_url(f"**{PAGE}")


def test_a_family_appears_by_itself(transactional_db: None, visit, real_photos: list[Path]):
    visitor = visit()
    page = visitor.page
    log_in(visitor)
    assert "There is no photo yet." in page.inner_text("main")
    assert visitor.violations() == []

    photos_import("d", {path: path.name for path in real_photos[2:4]}, credits={})
    visitor.open(PAGE)
    page.wait_for_selector("text=Waiting for a worker to begin.")
    assert visitor.violations() == []
    assert work_all() == 1
    page.wait_for_selector(".strip")
    assert page.locator(".distortion").count() == 21
    assert page.locator(".reference").count() == 21
    assert visitor.violations() == []
    for strip in page.locator(".strip").all():
        strip.scroll_into_view_if_needed()
        image = strip.locator("img")
        page.wait_for_function(
            "(img) => img.complete && img.naturalWidth", arg=image.element_handle()
        )
        # The words stand below the pictures that they belong to.
        cells = image.evaluate("(img) => img.naturalWidth") / 232
        tile = (image.bounding_box() or {})["width"] / cells
        for place in (0, -1):
            words = strip.locator("li").nth(place).bounding_box()
            assert words is not None
            offset = words["x"] - (image.bounding_box() or {})["x"]
            assert offset % tile < tile / 20
            assert words["width"] > 0.9 * tile
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440

    page.click("text=Next")
    page.wait_for_selector("text=Waiting for a worker to begin.")
    assert ContactSheet.objects.count() == 2
    assert visitor.hosts == {visitor.address.removeprefix("http://")}
    assert visitor.errors == []

    phone(visit, visitor)


def phone(visit, visitor: Visitor) -> None:
    small = visit(390, 844, device_scale_factor=2, is_mobile=True, has_touch=True)
    small.context.add_cookies(visitor.context.cookies())
    photo = Photo.objects.order_by("pk").first()
    assert photo is not None
    small.open(f"{PAGE}?photo={photo.pk}")
    assert small.page.evaluate("document.documentElement.scrollWidth") <= 390
    row = small.page.locator(".levels").nth(7)
    assert row.evaluate("(e) => e.scrollWidth") > 1000
    # A row begins at what its pictures are compared with.
    box = row.locator(".reference").bounding_box()
    assert box is not None
    assert abs(box["x"] + box["width"] / 2 - 195) < 3
    assert small.violations() == []
    assert small.errors == []


def test_a_photo_that_cannot_be_shown_says_why(transactional_db: None, visit, tmp_path: Path):
    from PIL import Image

    Image.new("RGB", (1020, 20)).save(tmp_path / "line.png")
    photos_import("d", {tmp_path / "line.png": "line.png"}, credits={})
    visitor = visit()
    log_in(visitor)
    visitor.page.wait_for_selector("text=Waiting for a worker to begin.")
    work_all()
    visitor.page.wait_for_selector("text=line.png: it is 1020 x 20")
    assert visitor.violations() == []
    visitor.page.click("text=Try again")
    visitor.page.wait_for_selector("text=Waiting for a worker to begin.")
    assert visitor.errors == []
