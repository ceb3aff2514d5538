"""A draft without a dataset gets one later; a survey that has started gets none."""

import pytest

from models_app.models import Dataset, Rendition, SurveySource
from models_app.services.datasets import photos_import
from survey.designs import dataset_choice, dataset_choose, design_import, design_of, design_read
from survey.errors import SurveyFrozen, SurveyInvalid
from survey.models import AuditEntry, Survey
from survey.services.stimuli import stimuli_register
from tests.factories import CONDITIONS, picture_make, survey_make
from tests.survey.designs.test_photos import pictures_make
from tests.survey.designs.test_round_trip import file_of, whole

pytestmark = pytest.mark.django_db


def draft_make(conditions=None) -> Survey:
    shown = whole("pfister2021") if conditions is None else conditions
    design = design_read(file_of(survey_make(photos=1, conditions=shown)))
    return design_import(design, slug="again").survey


@pytest.fixture
def draft(real_photos) -> Survey:
    photos_import("lab", {real_photos[0]: "a.jpg"})
    photos_import("other", {real_photos[1]: "b.jpg"})
    Dataset.objects.create(name="empty")
    return draft_make()


def shown(survey: Survey) -> str:
    return SurveySource.objects.get(survey=survey).dataset.name


def test_a_draft_gets_its_photos_later(draft: Survey):
    choice = dataset_choice(draft)
    assert (choice.dataset, choice.names) == ("", ("lab", "other"))
    dataset_choose(draft, dataset="lab")
    draft.refresh_from_db()
    assert (shown(draft), draft.pairs_expected, draft.state) == ("lab", 80, "draft")
    levels = Rendition.objects.exclude(distortion="original").values_list("distortion", "level")
    assert set(levels) == set(draft.conditions.values_list("distortion", "level"))
    assert dataset_choice(draft).dataset == "lab"
    entry = AuditEntry.objects.get(action="survey.choose_dataset")
    assert (entry.target_id, entry.detail) == ("again", {"dataset": "lab"})


def test_it_is_the_survey_that_an_import_with_the_dataset_makes(draft: Survey):
    design = design_read(file_of(draft))
    dataset_choose(draft, dataset="lab")
    at_once = design_import(design, slug="third", dataset="lab").survey
    draft.refresh_from_db()
    for survey in (draft, at_once):
        pictures_make(survey)
    assert design_of(draft).sha256 == design_of(at_once).sha256
    assert draft.pairs_expected == at_once.pairs_expected


def test_choosing_it_again_goes_on_with_what_a_first_try_left(draft: Survey):
    dataset_choose(draft, dataset="lab")
    Rendition.objects.filter(distortion="contrast").delete()
    dataset_choose(draft, dataset="lab")
    draft.refresh_from_db()
    assert Rendition.objects.exclude(distortion="original").count() == draft.pairs_expected == 80


@pytest.mark.parametrize("state", ["open", "closed"])
def test_a_survey_that_has_started_keeps_its_photos(draft: Survey, state: str):
    Survey.objects.filter(pk=draft.pk).update(state=state)
    # As the page said it before somebody opened it.
    with pytest.raises(SurveyFrozen, match="The survey again has started, so its photos cannot"):
        dataset_choose(draft, dataset="lab")
    assert not SurveySource.objects.exists()
    assert not AuditEntry.objects.filter(action="survey.choose_dataset").exists()
    draft.refresh_from_db()
    assert dataset_choice(draft) is None


def test_photos_that_are_there_are_not_exchanged(draft: Survey):
    dataset_choose(draft, dataset="lab")
    with pytest.raises(SurveyFrozen, match="The draft again has photos already"):
        dataset_choose(draft, dataset="other")
    assert shown(draft) == "lab"
    other = survey_make("by-hand", photos=0, conditions=(), state="draft")
    stimuli_register(other.pk, [picture_make(0), picture_make(0, CONDITIONS[0])])
    with pytest.raises(SurveyFrozen, match="The draft by-hand has photos already"):
        dataset_choose(other, dataset="lab")


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        ("", "No dataset was chosen"),
        ("nowhere", "no photos in the dataset nowhere"),
        ("empty", "no photos in the dataset empty"),
        ("a\0b", "holds a character that no text can have"),
        ("x" * 201, "dataset has 201 characters"),
    ],
)
def test_what_cannot_be_shown_is_said_and_nothing_changes(draft: Survey, dataset: str, said: str):
    with pytest.raises(SurveyInvalid, match=said):
        dataset_choose(draft, dataset=dataset)
    assert not SurveySource.objects.exists()
    assert not Rendition.objects.exists()
    assert not AuditEntry.objects.filter(action="survey.choose_dataset").exists()


def test_a_dataset_makes_no_other_survey_of_a_draft(draft: Survey):
    Survey.objects.all().delete()
    other = draft_make(CONDITIONS[:2])
    with pytest.raises(SurveyInvalid, match=r"all 80 conditions .* has 2.* leave the dataset out"):
        dataset_choose(other, dataset="lab")
    assert not SurveySource.objects.exists()
