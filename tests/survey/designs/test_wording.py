"""Texts of a design: defaults stay translated where it is imported, its own stay as they are."""

import pytest
from django.test import override_settings
from django.utils import translation

from survey import texts
from survey.designs import design_import, design_of, design_read
from survey.designs.wording import defaults_drop, defaults_write, has_own
from survey.kinds.base import Settings
from survey.models import Survey
from survey.services.surveys import survey_change
from tests.survey.designs.test_round_trip import file_of

pytestmark = pytest.mark.django_db


def settings_of(survey: Survey) -> Settings:
    return Settings.from_json(survey.settings)


def test_default_texts_stay_translated(survey: Survey):
    design = design_read(file_of(survey))
    assert design.settings.consent_text.startswith("You will see pairs of photos")
    imported = design_import(design, slug="again")
    assert settings_of(imported.survey) == settings_of(survey)
    assert not has_own(settings_of(imported.survey))
    assert "own texts" not in " ".join(imported.told)
    with translation.override("de"):
        read = texts.consent_text(settings_of(imported.survey))
        assert read == texts.consent_text(Settings())
    assert read != design.settings.consent_text


def test_own_texts_stay_as_they_are_and_that_is_said(survey: Survey):
    survey_change(survey, settings={"consent_text": "Take part?", "contact": "lab@example.org"})
    survey.refresh_from_db()
    imported = design_import(design_read(file_of(survey)), slug="again")
    assert settings_of(imported.survey) == settings_of(survey)
    said = "Its own texts are shown in every language as the design has them."
    assert imported.told[-1] == said
    with translation.override("de"):
        assert texts.consent_text(settings_of(imported.survey)) == "Take part?"


def test_a_default_of_another_version_is_a_text_of_its_own():
    theirs = defaults_write(Settings())
    older = Settings(consent_text=f"{theirs.consent_text} As of 2019.", question=theirs.question)
    assert defaults_drop(older) == Settings(consent_text=older.consent_text)


def test_a_site_of_another_language_writes_the_same_design(survey: Survey):
    before = design_of(survey).sha256
    with override_settings(LANGUAGE_CODE="de"), translation.override("fr"):
        assert design_of(survey).sha256 == before
        made = design_import(design_read(file_of(survey)), slug="again").survey
    assert not has_own(settings_of(made))
