"""A draft without photos: an admin chooses a dataset on its page."""

from pathlib import Path

import pytest

from models_app.services.datasets import photos_import
from survey.designs import design_import, design_of, design_read
from tests.browser.test_two_sessions import log_in
from tests.factories import survey_make
from tests.people import account_make
from tests.survey.designs.test_round_trip import whole


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_draft_gets_its_dataset(
    transactional_db: None, real_photos: list[Path], visit, scheme: str
):
    photos_import("lab", {real_photos[0]: "a.jpg"})
    photos_import("a name that is as long as it can be " * 2, {real_photos[1]: "b.jpg"})
    full = survey_make(photos=1, conditions=whole("pfister2021"))
    design_import(design_read(b"".join(design_of(full).chunks())), slug="again")
    account_make("ana", "admin")
    visitor = visit(390, 844, color_scheme=scheme)
    page = visitor.page
    log_in(visitor, page, "/dashboard/surveys/again/")
    page.wait_for_load_state("networkidle")
    assert visitor.violations() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.select_option("#dataset", "lab")
    page.click("text=Show its photos")
    page.wait_for_selector("text=The draft shows the dataset lab")
    page.wait_for_selector("text=It shows the photos of the dataset lab.")
    assert not page.is_visible("#dataset")
    assert visitor.violations() == []
    assert visitor.errors == []
