"""A split in a real browser: refused while a test photo trains as well, then made without it."""

from pathlib import Path

from django.contrib.auth.models import User

from models_app.models import LabelSplit
from tests.split_rows import copy_make, photos_label


def test_a_leaking_split_is_shown_and_then_made_without(
    transactional_db: None, visit, real_photos: list[Path], tmp_path: Path
):
    copy = copy_make(tmp_path, real_photos[0])
    parts = {real_photos[0]: "train", real_photos[1]: "train", real_photos[2]: "validation"}
    found = photos_label("demo", {**parts, copy: "test"})
    User.objects.create_superuser("ada", password="correct horse battery")
    visitor = visit()
    page = visitor.page
    visitor.open(f"/login/?next=/dashboard/models/labels/{found.pk}/")
    page.fill("[name=username]", "ada")
    page.fill("[name=password]", "correct horse battery")
    page.press("[name=password]", "Enter")
    page.click("text=New split")
    page.select_option("#rule", "official")
    page.click("text=Go on")
    page.fill("#name", "first")
    assert visitor.violations() == []
    page.click("text=Make the split")
    page.wait_for_selector("text=Refused: 1 image leaks")
    page.wait_for_function(
        "[...document.querySelectorAll('.pairs img')].filter(i => i.complete && i.naturalWidth)"
        ".length === 2"
    )
    assert visitor.violations() == []
    page.check("#option-without_leaks")
    page.click("text=Make the split")
    page.wait_for_selector("text=1 image left out because it leaks")
    assert visitor.violations() == []
    split = LabelSplit.objects.get()
    assert split.counts == {"train": 1, "validation": 1, "test": 1}
    assert page.inner_text("main").count(split.sha256) == 1
    # The refusal's status is the only thing that the browser complains about.
    assert [line for line in visitor.errors if "409" not in line] == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
