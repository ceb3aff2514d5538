"""Until now every account that was staff could read everything; those accounts are analysts."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def staff_become_analysts(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    using = schema_editor.connection.alias
    groups = apps.get_model("auth", "Group").objects.using(using)
    analysts, _made = groups.get_or_create(name="analyst")
    groups.get_or_create(name="admin")
    users = apps.get_model("auth", "User").objects.using(using)
    for user in users.filter(is_staff=True, is_superuser=False):
        user.groups.add(analysts)


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0002_audit_invitation"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(staff_become_analysts, migrations.RunPython.noop)]
