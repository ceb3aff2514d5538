from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("survey", "0007_personal_tokens")]

    operations = [
        migrations.AlterField(
            model_name="session",
            name="end",
            field=models.CharField(
                blank=True,
                choices=[
                    ("quota", "all pairs judged"),
                    ("exhausted", "no pair left for this person"),
                    ("closed", "survey closed"),
                    ("pictures-failed", "pictures could not be shown"),
                    ("skipped", "too many pairs skipped"),
                ],
                max_length=16,
            ),
        ),
    ]
