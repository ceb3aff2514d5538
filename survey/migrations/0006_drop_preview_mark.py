"""The preview mark goes; every vote now says its survey."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("survey", "0005_fill_origins_and_counts")]

    operations = [
        migrations.RemoveIndex(
            model_name="assignment",
            name="assignment_condition_count",
        ),
        migrations.RemoveIndex(
            model_name="assignment",
            name="assignment_stimulus_count",
        ),
        migrations.RemoveField(model_name="assignment", name="is_preview"),
        migrations.RemoveField(model_name="participant", name="is_preview"),
        migrations.AlterField(
            model_name="vote",
            name="survey",
            field=models.ForeignKey(
                on_delete=models.deletion.CASCADE, related_name="votes", to="survey.survey"
            ),
        ),
    ]
