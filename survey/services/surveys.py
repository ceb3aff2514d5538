"""Create, change, open and close surveys."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from survey.errors import SurveyFrozen
from survey.kinds import kind_get
from survey.kinds.base import Settings
from survey.models import Survey
from survey.pairing import strategy_get

# What decides how pictures look; they are made once.
PICTURE_SETTINGS = {"preset", "long_side", "encoding"}


@transaction.atomic
def survey_create(
    slug: str, *, title: str, kind: str = "two_choice", settings: Mapping[str, Any] | None = None
) -> Survey:
    kind_get(kind)
    checked = Settings.from_json(settings or {})
    strategy_get(checked.pairing)
    survey = Survey(slug=slug, title=title, kind=kind, settings=checked.to_json())
    survey.full_clean()
    survey.save()
    return survey


def survey_get(slug: str) -> Survey | None:
    """One query."""
    return Survey.objects.filter(slug=slug).first()


@transaction.atomic
def survey_change(survey: Survey, *, settings: Mapping[str, Any]) -> Survey:
    """Raises SurveyFrozen once votes exist, and for picture settings once pictures do."""
    # Against a first vote that arrives between the check in save() and the write.
    survey = Survey.objects.select_for_update().get(pk=survey.pk)
    checked = Settings.from_json({**survey.settings, **settings})
    strategy_get(checked.pairing)
    # Completed: a survey made before a setting existed has its default.
    before = Settings.from_json(survey.settings).to_json()
    changed = {name for name, value in checked.to_json().items() if before[name] != value}
    if changed & PICTURE_SETTINGS and survey.stimuli.exists():
        raise SurveyFrozen(
            _("The %(settings)s of survey %(slug)s cannot change any more: it has pictures.")
            % {"settings": ", ".join(sorted(changed & PICTURE_SETTINGS)), "slug": survey.slug}
        )
    survey.settings = checked.to_json()
    survey.save(update_fields=["settings"])
    return survey


def survey_open(survey: Survey) -> None:
    Survey.objects.filter(pk=survey.pk).update(state=Survey.State.OPEN)
    survey.state = Survey.State.OPEN


def survey_close(survey: Survey) -> None:
    """Votes that arrive later are refused; nothing already given is touched."""
    Survey.objects.filter(pk=survey.pk).update(state=Survey.State.CLOSED)
    survey.state = Survey.State.CLOSED
