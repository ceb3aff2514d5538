"""The audit trail: one entry an action."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from survey.models import AuditEntry


def audit_record(
    *,
    actor: User | AnonymousUser | None,
    action: str,
    target: str = "",
    target_id: object = "",
    label: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write down an action, in the transaction of that action: both happen, or neither.

    `action` is a short dotted key such as "job.cancel", `target` the kind of thing ("job"),
    `detail` what JSON can hold. An actor of None is the command line.
    """
    person = actor if isinstance(actor, User) else None
    return AuditEntry.objects.create(
        actor=person,
        actor_name=person.get_username() if person else "",
        action=action,
        target_kind=target,
        target_id=str(target_id),
        # A label is for reading; a long one must not undo the action.
        target_label=label[:200],
        detail=dict(detail or {}),
    )
