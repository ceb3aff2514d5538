"""Origins instead of the preview mark, counts kept beside votes, revisions, breaks and invites.

0005 fills what is new from what is there, 0006 drops what it came from: on PostgreSQL rows and
columns cannot change in one transaction.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0003_staff_are_analysts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Break",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("after_trials", models.PositiveIntegerField()),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Exposure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("person", "participant"),
                            ("test", "staff preview"),
                            ("simulated", "simulated annotator"),
                        ],
                        max_length=9,
                    ),
                ),
                ("shown", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="SurveyInvite",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=100)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("is_used", models.BooleanField(default=False)),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("person", "participant"),
                            ("test", "staff preview"),
                            ("simulated", "simulated annotator"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "original_side",
                    models.CharField(choices=[("left", "left"), ("right", "right")], max_length=5),
                ),
                ("original_preferred", models.BooleanField()),
                (
                    "layout",
                    models.CharField(
                        choices=[("side-by-side", "side by side"), ("stacked", "stacked")],
                        max_length=12,
                    ),
                ),
                ("n", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "tallies",
            },
        ),
        migrations.AddField(
            model_name="assignment",
            name="origin",
            field=models.CharField(
                choices=[
                    ("person", "participant"),
                    ("test", "staff preview"),
                    ("simulated", "simulated annotator"),
                ],
                default="person",
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="reopened_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="assignment",
            name="revision_token",
            field=models.CharField(blank=True, max_length=32, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="participant",
            name="origin",
            field=models.CharField(
                choices=[
                    ("person", "participant"),
                    ("test", "staff preview"),
                    ("simulated", "simulated annotator"),
                ],
                default="person",
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="voted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="resumes",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="stimulus",
            name="licence",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="vote",
            name="first_chosen_side",
            field=models.CharField(
                blank=True, choices=[("left", "left"), ("right", "right")], max_length=5
            ),
        ),
        migrations.AddField(
            model_name="vote",
            name="first_created_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="vote",
            name="first_response_ms",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="vote",
            name="origin",
            field=models.CharField(
                choices=[
                    ("person", "participant"),
                    ("test", "staff preview"),
                    ("simulated", "simulated annotator"),
                ],
                default="person",
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="vote",
            name="revised",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="vote",
            name="survey",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="votes",
                to="survey.survey",
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                fields=["survey", "origin", "state", "expires_at", "condition"],
                name="assignment_states",
            ),
        ),
        migrations.AddIndex(
            model_name="vote",
            index=models.Index(fields=["survey", "origin", "id"], name="vote_survey_origin"),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("first_chosen_side", ""), ("first_response_ms", None), ("revised", False)
                    ),
                    models.Q(("first_chosen_side__in", ["left", "right"]), ("revised", True)),
                    _connector="OR",
                ),
                name="vote_first_answer_kept",
            ),
        ),
        migrations.AddField(
            model_name="break",
            name="session",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="breaks",
                to="survey.session",
            ),
        ),
        migrations.AddField(
            model_name="exposure",
            name="stimulus",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="exposures",
                to="survey.stimulus",
            ),
        ),
        migrations.AddField(
            model_name="exposure",
            name="survey",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="exposures",
                to="survey.survey",
            ),
        ),
        migrations.AddField(
            model_name="surveyinvite",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="surveyinvite",
            name="survey",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="invites",
                to="survey.survey",
            ),
        ),
        migrations.AddField(
            model_name="tally",
            name="condition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tallies",
                to="survey.condition",
            ),
        ),
        migrations.AddField(
            model_name="tally",
            name="survey",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tallies",
                to="survey.survey",
            ),
        ),
        migrations.AddConstraint(
            model_name="break",
            constraint=models.UniqueConstraint(
                models.F("session"), models.F("after_trials"), name="break_once_a_place"
            ),
        ),
        migrations.AddIndex(
            model_name="exposure",
            index=models.Index(fields=["survey", "origin", "shown"], name="exposure_shown"),
        ),
        migrations.AddConstraint(
            model_name="exposure",
            constraint=models.UniqueConstraint(
                models.F("stimulus"), models.F("origin"), name="exposure_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="surveyinvite",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_used", False), ("revoked_at", None), _connector="OR"),
                name="survey_invite_ends_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="tally",
            constraint=models.UniqueConstraint(
                models.F("survey"),
                models.F("origin"),
                models.F("condition"),
                models.F("original_side"),
                models.F("original_preferred"),
                models.F("layout"),
                name="tally_once",
            ),
        ),
    ]
