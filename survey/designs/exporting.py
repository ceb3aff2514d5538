"""A survey's design, out of the database."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from survey.designs.base import Design, DesignCredit, DesignPhoto
from survey.designs.credits import credits_of
from survey.designs.pictures import formulas_sha256, photo_hashes, pictures_waiting
from survey.designs.wording import defaults_write
from survey.errors import SurveyInvalid
from survey.kinds.base import Settings
from survey.models import Survey
from survey.selectors.surveys import conditions_of
from survey.services.stimuli import ConditionInfo


def design_of(survey: Survey) -> Design:
    """Describe a survey; six queries or seven.

    Default texts are written out in one language, whatever language somebody reads them in: the
    same survey gives the same design. Raises SurveyInvalid while pictures are still to be made:
    what cannot be made, or comes out identical to its original, is not shown, so until then nobody
    knows all photos and conditions.
    """
    hashes, photos = photo_hashes(survey.pk), credits_of(survey)
    _waiting_check(survey, len(photos))
    return design_with(
        survey,
        photos=[DesignPhoto(name, hashes.get(name, "")) for name, _credit, _licence in photos],
        credits=[
            DesignCredit(name, credit, licence)
            for name, credit, licence in photos
            if credit or licence
        ],
    )


def design_with(
    survey: Survey, *, photos: Sequence[DesignPhoto], credits: Sequence[DesignCredit] = ()
) -> Design:
    """Describe a survey as if it showed these photos; one query."""
    settings = defaults_write(Settings.from_json(survey.settings))
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
        photos=tuple(photos),
        credits=tuple(credits),
    )


def _waiting_check(survey: Survey, photos: int) -> None:
    waiting = pictures_waiting(survey.pk)
    if waiting is None and not photos:
        raise SurveyInvalid(
            _(
                "The pictures of the survey %(slug)s are not planned yet, so its design would lack "
                "photos; export it when all its pairs are ready."
            )
            % {"slug": survey.slug}
        )
    if waiting:
        raise SurveyInvalid(
            ngettext(
                "%(n)d picture of the survey %(slug)s is still to be made, so its design might "
                "lack photos or conditions; export it when all its pairs are ready.",
                "%(n)d pictures of the survey %(slug)s are still to be made, so its design might "
                "lack photos or conditions; export it when all its pairs are ready.",
                waiting,
            )
            % {"n": waiting, "slug": survey.slug}
        )
