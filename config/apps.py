from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    label = "config"
    verbose_name = "Proofsheet"

    def ready(self) -> None:
        from config import checks  # noqa: F401 - registers the system checks
