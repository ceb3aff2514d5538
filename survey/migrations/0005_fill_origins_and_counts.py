"""Origins from the preview mark; tallies and exposures counted from votes and trials."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Count, OuterRef, Subquery

BATCH = 2000


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    using = schema_editor.connection.alias

    def rows(name: str):  # type: ignore[no-untyped-def]
        return apps.get_model("survey", name).objects.using(using)

    for name in ("Participant", "Assignment"):
        rows(name).filter(is_preview=True).update(origin="test")
    trial = rows("Assignment").filter(pk=OuterRef("assignment"))
    rows("Vote").update(
        survey=Subquery(trial.values("survey")[:1]), origin=Subquery(trial.values("origin")[:1])
    )
    first = (
        rows("Vote")
        .filter(assignment__session__participant=OuterRef("pk"))
        .order_by("created_at")
        .values("created_at")[:1]
    )
    rows("Participant").update(voted_at=Subquery(first))
    tally = apps.get_model("survey", "Tally")
    counted = (
        rows("Vote")
        .values_list(
            "survey", "origin", "assignment__condition", "assignment__original_side",
            "original_preferred", "layout",
        )
        .annotate(n=Count("pk"))
        .order_by()
    )  # fmt: skip
    names = ("survey_id", "origin", "condition_id", "original_side", "original_preferred", "layout")
    tallies = [tally(**dict(zip((*names, "n"), row, strict=True))) for row in counted]
    rows("Tally").bulk_create(tallies, batch_size=BATCH)
    exposure = apps.get_model("survey", "Exposure")
    leased = (
        rows("Assignment")
        .values_list("survey", "stimulus", "origin")
        .annotate(shown=Count("pk"))
        .order_by()
    )
    exposures = [
        exposure(survey_id=survey, stimulus_id=stimulus, origin=origin, shown=shown)
        for survey, stimulus, origin, shown in leased
    ]
    rows("Exposure").bulk_create(exposures, batch_size=BATCH)


def marks_again(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Going back, a simulation is marked as a preview: neither may count as a person."""
    for name in ("Participant", "Assignment"):
        rows = apps.get_model("survey", name).objects.using(schema_editor.connection.alias)
        rows.exclude(origin="person").update(is_preview=True)


class Migration(migrations.Migration):
    dependencies = [("survey", "0004_origins_and_counts")]

    operations = [migrations.RunPython(fill, marks_again)]
