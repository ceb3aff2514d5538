"""Importing a design in a browser: what is wrong with the short name is said before it is sent."""

from pathlib import Path

import pytest

from models_app.services.datasets import photos_import
from survey.designs import design_of
from survey.models import Survey
from tests.browser.test_two_sessions import log_in
from tests.factories import survey_make
from tests.people import account_make

PAGE = "/dashboard/designs/"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_wrong_short_name_does_not_lose_the_file(
    transactional_db: None, real_photos: list[Path], visit, tmp_path: Path, scheme: str
):
    photos_import("lab", {real_photos[0]: "a.jpg"})
    design = tmp_path / "design.json"
    design.write_bytes(b"".join(design_of(survey_make()).chunks()))
    account_make("ana", "admin")
    visitor = visit(390, 844, color_scheme=scheme)
    page = visitor.page
    log_in(visitor, page, PAGE)
    page.wait_for_load_state("networkidle")
    page.set_input_files("#file", design)
    for name, wrong in (("bad slug!", True), ("no.dots", True), ("good-slug_2", False)):
        page.fill("#slug", name)
        mismatch = page.evaluate("document.getElementById('slug').validity.patternMismatch")
        assert mismatch is wrong
        if wrong:
            page.click("main button[type=submit]")
            assert page.evaluate("document.getElementById('file').files.length") == 1
    assert page.locator("#dataset option").all_inner_texts() == ["none now", "lab"]
    assert visitor.violations() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("main button[type=submit]")
    page.wait_for_url("**/dashboard/surveys/good-slug_2/")
    assert Survey.objects.filter(slug="good-slug_2").exists()
    assert visitor.errors == []
