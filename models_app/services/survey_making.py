"""A survey that an admin makes of a dataset in the browser (setting SURVEY_PICTURES)."""

from collections.abc import Mapping

from django.contrib.auth.models import AnonymousUser, User

from models_app.errors import DatasetError
from models_app.models import Dataset
from models_app.services.publish import dataset_with_photos, preset_check, survey_make
from models_app.services.renditions import conditions
from survey.errors import SurveyInvalid
from survey.kinds.base import Settings
from survey.quota import quota_problem


def quota_shortfall(dataset: Dataset, settings: Settings) -> str:
    """Say why a dataset's photos do not fill the quota, "" where they do; one query."""
    photos = dataset.photos.filter(excluded_at=None).count()
    return quota_problem(settings, photos=photos, conditions=len(conditions(settings.preset)))


def survey_draft(
    slug: str,
    *,
    title: str,
    dataset: str,
    settings: Mapping[str, object],
    actor: User | AnonymousUser | None,
) -> None:
    """Make what `create_survey --draft` makes; what is wrong is SurveyInvalid.

    A quota that the photos cannot fill is refused, where the command only warns: somebody at a
    terminal may be about to import more.
    """
    checked = Settings.from_json(settings)
    try:
        preset_check(checked.to_json())
        problem = quota_shortfall(dataset_with_photos(dataset), checked)
        if problem:
            raise SurveyInvalid(problem)
        survey_make(
            slug,
            title=title,
            dataset=dataset,
            settings=dict(settings),
            new=True,
            opened=False,
            actor=actor,
        )
    except DatasetError as error:
        raise SurveyInvalid(str(error)) from error
