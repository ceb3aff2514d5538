"""A survey's design, out of the database."""

from dataclasses import replace

from django.conf import settings as site
from django.utils import translation

from survey import texts
from survey.designs.base import Design, DesignPhoto
from survey.designs.pictures import formulas_sha256, photo_hashes
from survey.kinds.base import Settings
from survey.models import Survey
from survey.selectors.designs import photos_of
from survey.selectors.surveys import conditions_of
from survey.services.stimuli import ConditionInfo


def design_of(survey: Survey) -> Design:
    """Describe a survey as it is now; three queries or four.

    Default texts are written out in the site's language, whatever language somebody reads it in:
    the same survey gives the same design.
    """
    settings = Settings.from_json(survey.settings)
    with translation.override(site.LANGUAGE_CODE):
        settings = replace(
            settings,
            question=texts.question(settings),
            purpose=texts.purpose(settings),
            consent_text=texts.consent_text(settings),
        )
    hashes = photo_hashes(survey.pk)
    return Design(
        slug=survey.slug,
        title=survey.title,
        kind=survey.kind,
        settings=settings,
        formulas=formulas_sha256(settings.preset),
        conditions=tuple(
            ConditionInfo(c.distortion, c.level, c.label, c.aspect, c.step, c.note)
            for c in conditions_of(survey)
        ),
        photos=tuple(
            DesignPhoto(name, hashes.get(name, ""), credit, licence)
            for name, credit, licence in photos_of(survey)
        ),
    )
