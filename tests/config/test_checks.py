import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from config import checks, env


def ids() -> set[str | None]:
    return {found.id for found in run_checks(include_deployment_checks=True)}


def test_it_accepts_the_settings_as_they_are(settings: Settings) -> None:
    assert not ids() & {"config.E001", "config.E002", "config.E003"}


def test_it_reports_a_media_folder_that_cannot_be_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = "/srv/photos/not-made-yet"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": env.LOCAL_STORAGE}}
    monkeypatch.setattr(checks.os, "access", lambda path, mode: False)
    (found,) = checks.media_is_writable(None)
    assert found.id == "config.E001"
    assert "/srv/photos/not-made-yet" in found.msg
    assert found.hint
    # A bucket needs no folder.
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": env.BUCKET_STORAGE}}
    assert checks.media_is_writable(None) == []


def test_it_reports_a_gpu_queue_without_tasks(settings: Settings) -> None:
    settings.CELERY_TASK_ROUTES = {"models_app.*": {"queue": "cpu"}}
    assert "config.E002" in ids()


@pytest.mark.parametrize("hosts", [[], ["*"], ["example.org", "*"]])
def test_it_reports_a_server_that_answers_to_any_name(hosts: list[str], settings: Settings) -> None:
    settings.ALLOWED_HOSTS = hosts
    assert "config.E003" in ids()
