"""An admin makes a survey in the browser, opens it, closes it, and opens it again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from models_app.models import Rendition
from models_app.services.datasets import photos_import
from survey.models import AuditEntry, Survey
from survey.services.surveys import survey_close
from tests.browser.test_looks import LOOKS, Eye
from tests.jobs import work_all


@pytest.fixture
def eye(transactional_db: None, visit, request: pytest.FixtureRequest) -> Iterator[Eye]:
    """Ada at a screen of one of the sizes."""
    width, height, scheme = request.param
    eye = Eye(visit(width, height, color_scheme=scheme, reduced_motion="reduce"), width)
    eye.log_in(User.objects.create_superuser("ada", password="correct horse battery"))
    yield eye
    eye.nothing_odd()


@pytest.mark.parametrize("eye", LOOKS, indirect=True, ids=str)
def test_a_survey_is_made_opened_closed_and_opened_again(eye: Eye, real_photos: list[Path]):
    photos_import("lab", {real_photos[0]: "a.jpg", real_photos[1]: "b.jpg"})
    page = eye.page
    eye.open("/dashboard/")
    eye.press("text=New survey", "form")
    page.fill("[name=title]", "Zwei Ürlaube, 2026")
    assert page.input_value("[name=slug]") == "zwei-urlaube-2026"
    page.click("summary")
    page.fill("[name=long_side]", "128")
    eye.press("main form button[type=submit]", "refused: 85 pairs of 2 photos")
    assert "85 pairs a person are too many for 2 photos" in page.inner_text("main")
    assert page.input_value("[name=long_side]") == "128"
    page.fill("[name=trials]", "2")
    eye.press("main form button[type=submit]", "draft")
    assert page.inner_text("#state") == "draft"
    assert "Its first pairs are being prepared" in page.inner_text("#control")
    Rendition.objects.exclude(distortion__in=["original", "tint"]).delete()
    work_all()
    # The page asks every two seconds: the preview is offered by itself.
    page.wait_for_selector("#control >> text=Preview")
    eye.look("draft with pairs")
    eye.press("#control >> text=Open", "open")
    assert page.inner_text("#state") == "open"
    assert "people on a page are told" in page.inner_text("#control")
    eye.press("#control >> text=Close…", "asked")
    eye.press("main button.danger", "closed")
    assert page.inner_text("#state") == "closed"
    eye.press("#control >> text=Open again", "open again")
    assert page.inner_text("#state") == "open"
    # Somebody else closes it: the page says so without being loaded again.
    survey_close(Survey.objects.get())
    page.wait_for_selector("#state >> text=closed")
    page.wait_for_selector("#control >> text=Open again")
    eye.look("closed meanwhile")
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["survey.create", "survey.open", "survey.close", "survey.open"]
