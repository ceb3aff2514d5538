"""A design has all photos that its survey shows; a survey of it shows those and no others."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from models_app.models import Photo, Rendition, SurveySource
from models_app.services.datasets import photos_import
from models_app.services.design_photos import dataset_photos
from models_app.services.publish import publish, survey_make
from survey.designs import Design, dataset_choose, design_import, design_of, design_read
from survey.designs.base import DesignPhoto
from survey.designs.photos import Compared, photos_compare
from survey.errors import SurveyInvalid
from survey.models import AuditEntry, Survey
from tests.factories import picture_make

NAMES = ("a.jpg", "b.jpg", "c.jpg")


@pytest.fixture
def study(db: None, real_photos) -> Survey:
    """Of three photos, all its pictures planned and none made."""
    photos_import("lab", dict(zip(real_photos, NAMES, strict=False)))
    source = survey_make("study", title="A study", dataset="lab", settings={}, opened=False)
    return source.survey


def pictures_make(survey: Survey, *photos: str) -> None:
    """Do a worker's part for these photos, or all, with one real picture for all of them."""
    made = picture_make(0)
    mine = Rendition.objects.filter(photo__name__in=photos) if photos else Rendition.objects.all()
    mine.update(
        state="ready", file=made.file, width=made.width, height=made.height, bytes=made.bytes
    )
    publish(SurveySource.objects.get(survey=survey))


@pytest.fixture
def design(study: Survey) -> Design:
    pictures_make(study)
    return design_read(b"".join(design_of(study).chunks()))


def test_a_design_waits_until_all_pictures_are_made(study: Survey, manager: Client, tmp_path):
    pictures_make(study, "a.jpg", "c.jpg")
    said = "81 pictures of the survey study are still to be made, so its design might lack photos"
    with pytest.raises(SurveyInvalid, match=said):
        design_of(study)
    with pytest.raises(CommandError, match=said):
        call_command("export_design", survey="study", output=tmp_path / "design.json")
    assert not list(tmp_path.iterdir())
    answer = manager.get("/dashboard/surveys/study/design.json")
    assert (answer.status_code, said in answer.content.decode()) == (400, True)
    pictures_make(study)
    whole = design_of(study)
    assert [photo.name for photo in whole.photos] == list(NAMES)
    assert all(photo.pixel_sha256 for photo in whole.photos)
    assert len(whole.conditions) == 80


def test_a_survey_that_was_cut_off_before_its_plan_has_no_design(study: Survey):
    Rendition.objects.all().delete()
    with pytest.raises(SurveyInvalid, match="The pictures of the survey study are not planned yet"):
        design_of(study)


def test_what_cannot_be_made_is_no_part_of_a_design(study: Survey):
    Rendition.objects.filter(photo__name="b.jpg").update(state="failed")
    Rendition.objects.filter(distortion="contrast").update(state="identical")
    made = picture_make(0)
    left = Rendition.objects.filter(state="pending")
    left.update(state="ready", file=made.file, width=96, height=64, bytes=made.bytes)
    source = SurveySource.objects.get(survey=study)
    publish(source)
    found = design_of(study)
    assert [photo.name for photo in found.photos] == ["a.jpg", "c.jpg"]
    assert {c.distortion for c in found.conditions}.isdisjoint({"contrast"})
    shown = dataset_photos("lab", source.preset, source.long_side, source.encoding)
    assert [name for name, _sha256 in shown] == ["a.jpg", "c.jpg"]


def test_the_same_photos_elsewhere_give_the_same_survey(design: Design, real_photos):
    photos_import("copy", dict(zip(real_photos, NAMES, strict=False)))
    imported = design_import(design, slug="again", dataset="copy")
    assert imported.told == ("The draft shows the 3 photos of the design and no others.",)
    assert not imported.warnings
    with pytest.raises(SurveyInvalid, match="still to be made"):
        design_of(imported.survey)
    pictures_make(imported.survey)
    again = design_of(imported.survey)
    assert again.photos == design.photos
    assert again.sha256 == design.sha256


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ((0, 1, 2, 3, 4), r"Only in the dataset: 2 \(d.jpg, e.jpg\)\. Import"),
        ((0, 2), r"Only in the design: 1 \(b.jpg\)\. Import"),
        ((0, 1, 3), r"Only in the dataset: 1 \(d.jpg\)\. Only in the design: 1 \(c.jpg\)"),
    ],
)
def test_a_dataset_of_other_photos_is_refused_with_the_list(
    design: Design, real_photos, held: tuple, said: str
):
    photos_import("copy", {real_photos[n]: f"{'abcde'[n]}.jpg" for n in held})
    planned = Rendition.objects.count()
    with pytest.raises(SurveyInvalid, match=f"dataset copy does not hold just .*{said}"):
        design_import(design, slug="again", dataset="copy")
    assert Survey.objects.count() == 1
    assert not AuditEntry.objects.filter(target_id="again").exists()
    assert Rendition.objects.count() == planned


def test_names_do_not_stand_for_pixels(design: Design, real_photos):
    photos_import("copy", dict(zip(real_photos[1:], NAMES, strict=False)))
    said = r"Only in the dataset: 1 \(c.jpg\)\. Only in the design: 1 \(a.jpg\)"
    with pytest.raises(SurveyInvalid, match=said):
        design_import(design, slug="again", dataset="copy")


def test_an_excluded_photo_is_not_shown_unless_its_pictures_are_planned(
    design: Design, real_photos
):
    photos_import("copy", dict(zip(real_photos, (*NAMES, "d.jpg"), strict=False)))
    Photo.objects.filter(name="d.jpg").update(excluded_at="2026-01-01T00:00:00Z")
    made = design_import(design, slug="again", dataset="copy").survey
    pictures_make(made)
    assert design_of(made).sha256 == design.sha256
    Photo.objects.filter(dataset__name="copy").update(excluded_at=None)
    survey_make("again", title="", dataset="copy", settings={}, opened=False)
    Photo.objects.filter(name="d.jpg").update(excluded_at="2026-01-01T00:00:00Z")
    with pytest.raises(SurveyInvalid, match=r"Only in the dataset: 1 \(d.jpg\)"):
        design_import(design, slug="third", dataset="copy")


def test_other_names_are_told_and_change_the_hash(design: Design, real_photos):
    photos_import("copy", dict(zip(real_photos, ("a.jpg", "x/b.jpg", "c.jpg"), strict=False)))
    imported = design_import(design, slug="again", dataset="copy")
    (warning,) = imported.warnings
    assert "1 photo of the design has the same pixels here and another name" in warning
    assert "as b.jpg is x/b.jpg" in warning
    pictures_make(imported.survey)
    assert design_of(imported.survey).sha256 != design.sha256


def test_a_dataset_that_is_chosen_later_may_have_other_photos_and_that_is_said(
    design: Design, real_photos, manager: Client
):
    photos_import("copy", dict(zip(real_photos, NAMES, strict=False)))
    photos_import("more", dict(zip(real_photos, (*NAMES, "d.jpg"), strict=False)))
    for slug, dataset, same in (("second", "copy", True), ("third", "more", False)):
        made = design_import(design, slug=slug).survey
        assert dataset_choose(made, dataset=dataset) is same
        # Also once its pictures are planned.
        assert dataset_choose(made, dataset=dataset) is same
    design_import(design, slug="fourth")
    address = "/dashboard/surveys/fourth/dataset/"
    page = manager.post(address, {"dataset": "more"}, follow=True).content.decode()
    assert "this is another survey with another hash" in page
    pictures_make(Survey.objects.get(slug="third"))
    assert design_of(Survey.objects.get(slug="third")).sha256 != design.sha256


def test_photos_are_compared_by_pixels_and_without_those_by_name():
    wanted = [DesignPhoto("a", "1"), DesignPhoto("b"), DesignPhoto("c", "3"), DesignPhoto("d", "1")]
    here = [DesignPhoto("z", "1"), DesignPhoto("b", "2"), DesignPhoto("c", "9")]
    assert photos_compare(wanted, here) == Compared(("c", "d"), ("c",), (("a", "z"),))
