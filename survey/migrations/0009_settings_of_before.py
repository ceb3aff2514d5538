"""Surveys from before undo, skips and breaks go on as they were asked: without them."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

BEFORE = {"access": "open", "undo": False, "skip": False, "break_every": 0, "resume_minutes": 0}


def settings_write(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    surveys = apps.get_model("survey", "Survey").objects.using(schema_editor.connection.alias)
    for survey in surveys.all():
        if not survey.settings.keys() >= BEFORE.keys():
            survey.settings = {**BEFORE, **survey.settings}
            survey.save(update_fields=["settings"])


class Migration(migrations.Migration):
    dependencies = [("survey", "0008_session_end_skipped")]

    operations = [migrations.RunPython(settings_write, migrations.RunPython.noop)]
