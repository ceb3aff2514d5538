"""The audit trail: written with the action, never changed, kept when people go."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction

from survey.models import AuditEntry
from survey.services.audit import audit_record
from tests.people import account_make

pytestmark = pytest.mark.django_db


def test_an_entry_says_who_did_what_to_what_and_when():
    ana = account_make("ana", "analyst")
    entry = audit_record(
        actor=ana, action="job.cancel", target="job", target_id=7, label="NIMA check",
        detail={"reason": "typo"},
    )  # fmt: skip
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_name, entry.action) == (ana, "ana", "job.cancel")
    assert (entry.target_kind, entry.target_id, entry.target_label) == ("job", "7", "NIMA check")
    assert entry.detail == {"reason": "typo"}
    assert abs(entry.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert str(entry) == "ana job.cancel NIMA check"


@pytest.mark.parametrize("actor", [None, AnonymousUser()])
def test_the_command_line_has_no_name(actor):
    entry = audit_record(actor=actor, action="job.launch")
    assert (entry.actor, entry.actor_name, entry.detail) == (None, "", {})


def test_a_long_label_is_cut_and_does_not_undo_the_action():
    entry = audit_record(actor=None, action="job.launch", label="x" * 999)
    entry.refresh_from_db()
    assert entry.target_label == "x" * 200


def test_an_action_that_fails_leaves_no_entry():
    def fail() -> None:
        with transaction.atomic():
            audit_record(actor=None, action="job.launch")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not AuditEntry.objects.exists()


def test_an_entry_is_never_changed():
    entry = audit_record(actor=None, action="job.launch")
    entry.action = "job.cancel"
    for change in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(action="job.cancel"),
        lambda: AuditEntry.objects.get().save(update_fields=["action"]),
    ):
        with pytest.raises(TypeError, match="never"):
            change()
    assert AuditEntry.objects.get().action == "job.launch"


def test_a_name_stays_when_its_account_is_deleted():
    ana = account_make("ana", "analyst")
    audit_record(actor=ana, action="job.launch")
    User.objects.filter(pk=ana.pk).delete()
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_name) == (None, "ana")


def test_no_column_could_hold_an_address():
    names = {field.name for field in AuditEntry._meta.get_fields()}
    assert names == {
        "id", "at", "actor", "actor_name", "action", "target_kind", "target_id", "target_label",
        "detail",
    }  # fmt: skip
