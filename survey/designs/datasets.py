"""A dataset for a draft that was made of a design without one."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.utils.translation import gettext as _

from survey.designs.exporting import design_with
from survey.designs.pictures import (
    dataset_check,
    dataset_names,
    dataset_of,
    dataset_photos,
    dataset_show,
)
from survey.designs.reading import text_check
from survey.errors import SurveyFrozen, SurveyInvalid
from survey.kinds.base import Settings
from survey.models import Survey
from survey.selectors.designs import design_imported
from survey.selectors.surveys import conditions_of
from survey.services.audit import audit_record


@dataclass(frozen=True, slots=True)
class Choice:
    """What a draft's page says of its photos: the dataset, or those that there are to choose."""

    dataset: str
    names: tuple[str, ...] = ()


def dataset_choice(survey: Survey) -> Choice | None:
    """None for what is no draft; two queries at most."""
    if survey.state != Survey.State.DRAFT:
        return None
    dataset = dataset_of(survey.pk)
    return Choice(dataset) if dataset else Choice("", tuple(dataset_names()))


def dataset_choose(
    survey: Survey, *, dataset: str, actor: User | AnonymousUser | None = None
) -> bool | None:
    """Let a draft show the photos of a dataset, and plan its pictures; an entry in the audit trail.

    Levels are checked as when a design is imported with a dataset; the photos may be others.
    Returns whether the draft is now the survey of the design that it was made of, None where it
    was made of none. Choosing the same one again plans what a
    first try left out. Raises SurveyFrozen once the survey has started or shows other photos,
    SurveyInvalid for a dataset that does not fit; then nothing was changed.
    """
    text_check(dataset, "dataset", 200, blank=True)
    if not dataset:
        raise SurveyInvalid(_("No dataset was chosen; choose one of the list."))
    with transaction.atomic():
        # Against somebody who opens it, or chooses another dataset, at the same moment.
        held = Survey.objects.select_for_update().get(pk=survey.pk)
        _choice_check(held, dataset)
        levels = {(condition.distortion, condition.level) for condition in conditions_of(held)}
        dataset_check(dataset, preset=held.settings["preset"], levels=levels)
        same = _is_of_design(held, dataset)
        audit_record(
            actor=actor,
            action="survey.choose_dataset",
            target="survey",
            target_id=held.slug,
            label=held.title,
            detail={"dataset": dataset},
        )
    # Photo by photo, each its own short transaction: people vote in other surveys meanwhile.
    dataset_show(held.slug, dataset)
    return same


def _is_of_design(survey: Survey, dataset: str) -> bool | None:
    """Compare hashes: of a design that was imported nothing else is kept."""
    sha256 = design_imported(survey)
    if sha256 is None:
        return None
    photos = dataset_photos(dataset, Settings.from_json(survey.settings))
    return design_with(survey, photos=photos).sha256 == sha256


def _choice_check(survey: Survey, dataset: str) -> None:
    if survey.state != Survey.State.DRAFT:
        raise SurveyFrozen(
            _(
                "The survey %(slug)s has started, so its photos cannot change any more; import its "
                "design anew for a survey of other photos."
            )
            % {"slug": survey.slug}
        )
    shown = dataset_of(survey.pk)
    if shown == dataset:
        return
    if shown or survey.stimuli.exists():
        raise SurveyFrozen(
            _(
                "The draft %(slug)s has photos already; import its design anew for a survey of "
                "other photos."
            )
            % {"slug": survey.slug}
        )
