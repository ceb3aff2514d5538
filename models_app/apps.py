from django.apps import AppConfig


class ModelsAppConfig(AppConfig):
    name = "models_app"
    verbose_name = "Photos and models"

    def ready(self) -> None:
        from models_app.workers import hooks  # noqa: F401 - connects to the worker's signals
