from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SurveyConfig(AppConfig):
    name = "survey"

    def ready(self) -> None:
        from survey.roles import groups_make

        post_migrate.connect(groups_make, sender=self, dispatch_uid="survey.groups_make")
