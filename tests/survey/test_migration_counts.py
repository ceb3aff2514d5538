"""Votes of an installation from before origins keep their meaning."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

OLD = [("survey", "0003_staff_are_analysts")]
NEW = [("survey", "0009_settings_of_before")]


@pytest.fixture
def back_to_now(transactional_db: None):
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def old_rows(apps) -> None:
    def make(name: str, **fields: object):
        return apps.get_model("survey", name).objects.create(**fields)

    now = timezone.now()
    survey = make("Survey", slug="old", title="Old", kind="two_choice")
    condition = make(
        "Condition", survey=survey, distortion="tint", level="1", label="Tint", aspect="style",
        step=1,
    )  # fmt: skip
    size = {"content_type": "image/jpeg", "width": 9, "height": 9, "bytes": 9, "file": "f"}
    original = make("Stimulus", survey=survey, photo="a.jpg", **size)
    pair = make(
        "Stimulus", survey=survey, photo="a.jpg", condition=condition, reference=original, **size
    )
    for n, (preview, voted) in enumerate([(False, True), (True, True), (False, False)]):
        person = make("Participant", survey=survey, code=f"C{n}", is_preview=preview)
        session = make("Session", participant=person, key=f"k{n}")
        trial = make(
            "Assignment", survey=survey, condition=condition, is_preview=preview, session=session,
            stimulus=pair, position=1, token=f"t{n}", left_token=f"l{n}", right_token=f"r{n}",
            original_side="left", state="voted" if voted else "open", leased_at=now,
            expires_at=now,
        )  # fmt: skip
        if voted:
            make(
                "Vote", assignment=trial, chosen_side="left", original_preferred=True,
                response_ms=900, viewport_width=1, viewport_height=1, device_pixel_ratio=1,
                rendered_width=1, rendered_height=1, layout="stacked", created_at=now,
            )  # fmt: skip


def test_old_votes_get_origins_and_counts(back_to_now):
    executor = MigrationExecutor(connection)
    executor.migrate(OLD)
    old_rows(executor.loader.project_state(OLD).apps)
    executor = MigrationExecutor(connection)
    executor.migrate(NEW)
    apps = executor.loader.project_state(NEW).apps

    def rows(name: str, *fields: str):
        return sorted(apps.get_model("survey", name).objects.values_list(*fields))

    people = rows("Participant", "code", "origin", "voted_at")
    assert [(code, origin) for code, origin, _at in people] == [
        ("C0", "person"), ("C1", "test"), ("C2", "person")
    ]  # fmt: skip
    assert [at is not None for _code, _origin, at in people] == [True, True, False]
    assert rows("Vote", "origin", "survey__slug") == [("person", "old"), ("test", "old")]
    assert rows("Tally", "origin", "layout", "original_side", "original_preferred", "n") == [
        ("person", "stacked", "left", True, 1), ("test", "stacked", "left", True, 1)
    ]  # fmt: skip
    # The protocol stays what these people were asked.
    ((settings,),) = rows("Survey", "settings")
    assert (settings["undo"], settings["skip"], settings["break_every"]) == (False, False, 0)
    assert rows("Exposure", "origin", "shown") == [("person", 2), ("test", 1)]
    back = MigrationExecutor(connection)
    back.migrate(OLD)
    old = back.loader.project_state(OLD).apps.get_model("survey", "Participant")
    marked = old.objects.order_by("code").values_list("is_preview", flat=True)
    assert list(marked) == [False, True, False]
