"""The dataset pages in a browser: empty, with photos, on a phone; excluding one and many."""

from pathlib import Path

from django.contrib.auth.models import User

from models_app.models import Dataset, Photo
from models_app.services.datasets import photos_import
from tests.browser.conftest import Visitor
from tests.models_app.dashboard.dataset_rows import checkpoint_make, diversity_make, nima_make
from tests.models_app.dashboard.test_datasets import LABELS

PAGE = "/dashboard/models/datasets/"


def log_in(visitor: Visitor) -> None:
    User.objects.create_superuser("ada", password="correct horse battery")
    visitor.open(f"/login/?next={PAGE}")
    visitor.page.fill("[name=username]", "ada")
    visitor.page.fill("[name=password]", "correct horse battery")
    visitor.page.press("[name=password]", "Enter")
    visitor.page.wait_for_url(f"**{PAGE}")


def pictures_load(visitor: Visitor) -> None:
    visitor.page.wait_for_function(
        "() => [...document.querySelectorAll('main img')].every("
        "(img) => img.complete && img.naturalWidth > 0)"
    )


def fits(visitor: Visitor, width: int) -> None:
    # A click ends when the next page begins; for a moment that has no element at all.
    visitor.page.wait_for_load_state()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visitor.violations() == []
    assert visitor.errors == []


def test_photos_are_looked_at_and_left_out(transactional_db: None, visit, real_photos: list[Path]):
    visitor = visit()
    page = visitor.page
    log_in(visitor)
    assert "There is no dataset yet." in page.inner_text("main")
    fits(visitor, 1440)

    photos_import("demo", {path: path.name for path in real_photos}, credits={})
    dataset = Dataset.objects.get()
    nima_make(dataset, checkpoint=checkpoint_make())
    diversity_make(dataset, LABELS)
    page.click("main a:has-text('Reload')")
    page.click("a.row")
    pictures_load(visitor)
    assert page.locator(".tiles li").count() == 7
    fits(visitor, 1440)

    # What a tile says belongs to its photo, and the photo is not stretched.
    tile = page.locator(".tiles li", has_text="china.jpg")
    box = tile.locator("img").bounding_box()
    assert box is not None
    assert abs(box["width"] / box["height"] - 640 / 427) < 0.02
    assert "4.50" in tile.inner_text()

    page.fill("[name=high]", "4.5")
    page.click("form.filter button")
    assert page.locator(".tiles li").count() == 2
    page.click("text=Exclude these…")
    fits(visitor, 1440)
    assert "2 photos: score below 4.5." in page.inner_text("main")
    page.click("text=Exclude 2 photos")
    assert page.evaluate("document.activeElement.name") == "reason"
    page.fill("[name=reason]", "too few like them")
    page.click("text=Exclude 2 photos")
    page.wait_for_selector("text=2 photos are excluded.")
    assert Photo.objects.exclude(excluded_at=None).count() == 2
    assert page.locator(".tiles .out").count() == 2
    fits(visitor, 1440)

    page.click(".tiles li a")
    pictures_load(visitor)
    fits(visitor, 1440)
    page.fill("[name=reason]", "liked after all")
    page.click("text=Include again")
    page.wait_for_selector("text=is included again.")
    assert Photo.objects.exclude(excluded_at=None).count() == 1
    page.click("nav a[rel=next]")
    page.wait_for_selector("text=2 of 7")

    for path in (f"{dataset.pk}/sample/?sample=5&seed=3", f"{dataset.pk}/release/", "disk/"):
        visitor.open(PAGE + path)
        pictures_load(visitor)
        fits(visitor, 1440)
    with page.expect_download() as download:
        visitor.open(f"{PAGE}{dataset.pk}/release/")
        page.click("text=Download (ZIP)")
    assert download.value.suggested_filename == "demo.zip"
    assert visitor.hosts == {visitor.address.removeprefix("http://")}

    phone(visit, visitor, dataset)


def phone(visit, visitor: Visitor, dataset: Dataset) -> None:
    small = visit(390, 844, device_scale_factor=2, is_mobile=True, has_touch=True,
                  color_scheme="dark")  # fmt: skip
    small.context.add_cookies(visitor.context.cookies())
    photo = dataset.photos.first()
    for path in ("", f"{dataset.pk}/", f"photos/{photo.pk}/", f"{dataset.pk}/sample/",
                 f"{dataset.pk}/marks/?do=exclude", f"{dataset.pk}/release/", "disk/"):  # fmt: skip
        small.open(PAGE + path)
        fits(small, 390)
