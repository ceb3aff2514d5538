"""Create, change, open and close surveys."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.utils.translation import gettext as _

from survey.errors import SurveyFrozen, SurveyInvalid
from survey.kinds import kind_get
from survey.kinds.base import Settings
from survey.models import Session, Survey
from survey.pairing import strategy_get
from survey.selectors.surveys import pairs_ready
from survey.services.audit import audit_record

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


@transaction.atomic
def survey_open(survey: Survey) -> bool:
    """Begin, or go on: who was ended by a close may go on where they were.

    Returns False where it was open already. Raises SurveyInvalid where there is no pair to show and
    none will come.
    """
    held = Survey.objects.select_for_update().get(pk=survey.pk)
    if not held.pairs_expected and not pairs_ready(held):
        raise SurveyInvalid(
            _(
                "The survey %(slug)s cannot be opened: it has no pair to show, and none is being "
                "prepared. Give it photos first."
            )
            % {"slug": held.slug}
        )
    ended = Session.objects.filter(participant__survey=survey, end=Session.End.CLOSED)
    ended.update(finished_at=None, end="")
    shut = Survey.objects.filter(pk=survey.pk).exclude(state=Survey.State.OPEN)
    survey.state = Survey.State.OPEN
    return shut.update(state=Survey.State.OPEN) == 1


def survey_close(survey: Survey) -> bool:
    """Votes that arrive later are refused; nothing already given is touched.

    Returns False for a survey that was not open, which stays as it is.
    """
    running = Survey.objects.filter(pk=survey.pk, state=Survey.State.OPEN)
    closed = running.update(state=Survey.State.CLOSED) == 1
    survey.refresh_from_db(fields=["state"])
    return closed


@transaction.atomic
def survey_open_by(actor: User | AnonymousUser, survey: Survey) -> bool:
    """As survey_open, with an entry in the audit trail."""
    before = survey.state
    return _noted(actor, survey, "survey.open", before, changed=survey_open(survey))


@transaction.atomic
def survey_close_by(actor: User | AnonymousUser, survey: Survey) -> bool:
    """As survey_close, with an entry in the audit trail."""
    before = survey.state
    return _noted(actor, survey, "survey.close", before, changed=survey_close(survey))


def _noted(
    actor: User | AnonymousUser, survey: Survey, action: str, before: str, *, changed: bool
) -> bool:
    if changed:
        audit_record(
            actor=actor,
            action=action,
            target="survey",
            target_id=survey.slug,
            label=survey.title,
            detail={"before": before},
        )
    return changed
