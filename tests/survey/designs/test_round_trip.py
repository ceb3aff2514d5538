"""A design goes out and comes in again: the same survey, by its hash."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from models_app.distortions.registry import level_get, preset_get
from models_app.models import Dataset, Rendition, SurveySource
from models_app.services.datasets import photos_import
from models_app.services.designs import formulas_sha256
from models_app.services.renditions import conditions
from survey.designs import design_import, design_of, design_read
from survey.designs.base import content_sha256
from survey.errors import SurveyInvalid
from survey.kinds.base import Settings
from survey.models import AuditEntry, Condition, Stimulus, Survey
from survey.services.stimuli import ConditionInfo, stimuli_register
from survey.services.surveys import survey_change
from tests.factories import CONDITIONS, picture_make, survey_make
from tests.people import Annotator

pytestmark = pytest.mark.django_db


def file_of(survey: Survey) -> bytes:
    return b"".join(design_of(survey).chunks())


def read(survey: Survey) -> dict:
    return json.loads(file_of(survey))


@pytest.fixture
def study(survey: Survey) -> Survey:
    """With settings that are none of the defaults, and a licence a photo."""
    changes = {"trials": 7, "access": "invite", "undo": False, "question": "Which one?"}
    survey_change(survey, settings=changes)
    Stimulus.objects.filter(survey=survey, condition=None).update(licence="CC BY 4.0")
    survey.refresh_from_db()
    return survey


def test_it_says_all_that_a_participant_meets(study: Survey):
    found = read(study)
    assert (found["proofsheet_design"], found["slug"], found["title"]) == (1, "study", "A study")
    design = found["design"]
    assert found["sha256"] == content_sha256(design) == design_of(study).sha256
    assert design["kind"] == "two_choice"
    assert design["settings"].keys() == Settings().to_json().keys()
    assert design["settings"]["trials"] == 7
    assert design["settings"]["question"] == "Which one?"
    assert "random code stands for you" in design["settings"]["consent_text"]
    assert {(c["distortion"], c["level"], c["step"]) for c in design["conditions"]} == {
        (c.distortion, c.level, c.step) for c in CONDITIONS
    }
    assert [photo["name"] for photo in design["photos"]] == [f"photo-{n}.jpg" for n in range(4)]
    credit = {"name": "photo-2.jpg", "credit": "credit 2", "licence": "CC BY 4.0"}
    assert found["credits"][2] == credit


def test_it_is_the_same_in_every_language_and_after_votes(study: Survey):
    before = file_of(study)
    person = Annotator(study)
    person.vote(person.pair()["trials"][0]["token"])
    with translation.override("de"):
        assert file_of(study) == before


def test_what_comes_in_goes_out_again(study: Survey):
    design = design_read(file_of(study))
    made = design_import(design, slug="again", title="Another title").survey
    assert made.state == Survey.State.DRAFT
    assert made.title == "Another title"
    without = {**read(study)["design"], "photos": []}
    assert read(made)["design"] == without
    # As a worker registers the pictures of the same photos there.
    for photo in range(4):
        pictures = [picture_make(photo, condition) for condition in (None, *CONDITIONS)]
        stimuli_register(made.pk, pictures)
    Stimulus.objects.filter(survey=made, condition=None).update(licence="CC BY 4.0")
    assert design_of(made).sha256 == design.sha256
    assert Condition.objects.filter(survey=made).count() == len(CONDITIONS)


def test_a_change_of_the_design_changes_its_hash_and_a_name_does_not(study: Survey):
    before = design_of(study).sha256
    Survey.objects.filter(pk=study.pk).update(slug="other", title="Other")
    study.refresh_from_db()
    assert design_of(study).sha256 == before
    survey_change(study, settings={"trials": 8})
    study.refresh_from_db()
    assert design_of(study).sha256 != before


def test_photos_are_told_by_pixels_by_name_and_as_missing(study: Survey, real_photos):
    names = {real_photos[0]: "photo-0.jpg", real_photos[1]: "elsewhere.jpg"}
    photos_import("lab", names)
    SurveySource.objects.create(
        survey=study, dataset=Dataset.objects.get(name="lab"), preset="pfister2021", long_side=640,
        encoding="jpeg",
    )  # fmt: skip
    design = design_read(file_of(study))
    assert [len(photo.pixel_sha256) for photo in design.photos] == [64, 0, 0, 0]
    photos_import("named", {real_photos[2]: "photo-1.jpg"})
    told = " ".join(design_import(design, slug="again").told)
    assert "1 of 4 photos of the design are in this installation." in told
    assert "The dataset lab holds the most of them, 1." in told
    assert "For 1 more there is a photo of that name" in told
    assert "Missing: 2 (photo-2.jpg, photo-3.jpg)." in told


def whole(preset: str) -> list[ConditionInfo]:
    """All conditions that a worker makes of a photo."""
    entries = preset_get(preset).distortions
    return [
        ConditionInfo(
            key, level, entries[key].label, entries[key].aspect,
            level_get(key, level, preset=preset).step, entries[key].note,
        )
        for key, level in conditions(preset)
    ]  # fmt: skip


@pytest.mark.parametrize(("preset", "n"), [("pfister2021", 80), ("identity_zero", 81)])
def test_with_a_dataset_the_draft_shows_it(preset: str, n: int, real_photos):
    photos_import("lab", {real_photos[0]: "photo-0.jpg"})
    study = survey_make(photos=1, conditions=whole(preset), preset=preset)
    design = design_read(file_of(study))
    imported = design_import(design, slug="again", dataset="lab")
    made = imported.survey
    assert not imported.warnings
    assert SurveySource.objects.get(survey=made).dataset.name == "lab"
    assert made.pairs_expected == len(design.conditions) == n
    assert made.state == Survey.State.DRAFT
    levels = Rendition.objects.exclude(distortion="original").values_list("distortion", "level")
    assert set(levels) == {(c.distortion, c.level) for c in design.conditions}


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (CONDITIONS[:2], "all 80 conditions .* has 2, of which 0 are none"),
        ((), "has 0, of which 0"),
        (
            (*whole("pfister2021")[1:], ConditionInfo("contrast", "7", "Contrast", "style", 9)),
            "has 80, of which 1 are none of those",
        ),
    ],
)
def test_a_dataset_makes_no_other_survey_of_a_design(shown, said: str, real_photos):
    photos_import("lab", {real_photos[0]: "a.jpg"})
    design = design_read(file_of(survey_make(photos=1, conditions=shown, state="draft")))
    with pytest.raises(SurveyInvalid, match=f"{said}.* leave the dataset out"):
        design_import(design, slug="again", dataset="lab")
    assert Survey.objects.count() == 1
    assert not AuditEntry.objects.exists()
    assert not Rendition.objects.exists()
    made = design_import(design, slug="again").survey
    assert Condition.objects.filter(survey=made).count() == len(shown)


def test_a_survey_is_never_overwritten(study: Survey):
    with pytest.raises(SurveyInvalid, match="There is a survey 'study' already"):
        design_import(design_read(file_of(study)), slug="study")
    assert Survey.objects.count() == 1
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"slug": "no name"}, "cannot be made: Enter a valid"),
        ({"slug": ""}, "cannot be made"),
        ({"slug": "new", "title": "t" * 201}, "title has 201 characters"),
        ({"slug": "new", "title": "a\0b"}, "holds a character that no text can have"),
        ({"slug": "new", "dataset": "nowhere"}, "no photos in the dataset nowhere"),
    ],
)
def test_what_cannot_be_made_is_said_and_nothing_is_made(study: Survey, options, said):
    with pytest.raises(SurveyInvalid, match=said):
        design_import(design_read(file_of(study)), **options)
    assert Survey.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_the_commands_carry_a_design_over(study: Survey, tmp_path):
    out = io.StringIO()
    path = tmp_path / "design.json"
    call_command("export_design", survey="study", output=path, stdout=out)
    assert design_of(study).sha256 in out.getvalue()
    call_command("import_design", path, survey="again", stdout=out)
    assert "draft again made" in out.getvalue()
    assert "0 of 4 photos" in out.getvalue()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target_id, entry.actor) == ("survey.import_design", "again", None)


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        ("export_design", {"survey": "nowhere", "output": "d.json"}, "no survey 'nowhere'"),
        ("export_design", {"survey": "study", "output": "no/such/d.json"}, "cannot be written"),
        ("import_design", {"survey": "new", "file": "none.json"}, "cannot be read"),
    ],
)
def test_the_commands_refuse_in_words(survey: Survey, tmp_path, command, options, said):
    paths = {k: tmp_path / v for k, v in options.items() if k in {"output", "file"}}
    with pytest.raises(CommandError, match=said):
        call_command(command, *([paths.pop("file")] if "file" in paths else []),
                     survey=options["survey"], **paths)  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_formulas_of_another_version_are_told(study: Survey, tmp_path):
    found = read(study)
    found["design"]["formulas_sha256"] = "0" * 64
    del found["sha256"]
    content = json.dumps(found).encode()
    (warning,) = design_import(design_read(content), slug="again").warnings
    assert warning.startswith("Warning: this installation has other formulas for the preset pf")
    path = tmp_path / "design.json"
    path.write_bytes(content)
    out, err = io.StringIO(), io.StringIO()
    call_command("import_design", path, survey="third", stdout=out, stderr=err)
    assert warning in err.getvalue()
    assert warning not in out.getvalue()


def test_two_presets_have_two_formulas():
    assert len({formulas_sha256(key) for key in ("pfister2021", "identity_zero", "sheng2020")}) == 3


def test_another_survey_has_another_design(study: Survey):
    assert design_of(survey_make("other", photos=2)).sha256 != design_of(study).sha256
