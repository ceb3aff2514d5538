"""Reads of the audit trail: a page of it, what it can be filtered by, all of it as CSV."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from survey.exports import cell
from survey.models import AuditEntry

PAGE = 50
# No user name can be this: colons are not allowed in one.
COMMAND_LINE = ":command-line"
COLUMNS = (
    ("at", "time"),
    ("actor_name", "text"),
    ("action", "text"),
    ("target_kind", "text"),
    ("target_id", "text"),
    ("target_label", "text"),
    ("detail", "text"),
)


@dataclass(frozen=True, slots=True)
class Filters:
    action: str = ""
    actor: str = ""

    def entries(self) -> QuerySet[AuditEntry]:
        found = AuditEntry.objects.order_by("-pk")
        if self.action:
            found = found.filter(action=self.action)
        if self.actor:
            found = found.filter(actor_name="" if self.actor == COMMAND_LINE else self.actor)
        return found


@dataclass(frozen=True, slots=True)
class Page:
    entries: list[AuditEntry]
    # The key that the next page begins below; None on the last one.
    older: int | None


def page_get(filters: Filters, *, before: int | None) -> Page:
    """One page, newest first, by key: a page is as quick at the end as at the start; one query."""
    found = filters.entries()
    if before is not None:
        found = found.filter(pk__lt=before)
    entries = list(found[: PAGE + 1])
    shown = entries[:PAGE]
    return Page(shown, shown[-1].pk if len(entries) > PAGE else None)


def actions_known() -> list[str]:
    """One query, answered by the index audit_action_newest."""
    return list(AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct())


def actors_known() -> list[tuple[str, str]]:
    """Value and label of each; one query, answered by the index audit_actor_newest."""
    names = AuditEntry.objects.order_by("actor_name").values_list("actor_name", flat=True)
    return [(name or COMMAND_LINE, name or _("command line")) for name in names.distinct()]


def entries_about(kind: str, pk: object, *, limit: int) -> list[AuditEntry]:
    """What was done to one thing, newest first; one query."""
    found = AuditEntry.objects.filter(target_kind=kind, target_id=str(pk)).order_by("-pk")
    return list(found[:limit])


def audit_csv(filters: Filters) -> Iterator[str]:
    """Every entry that the filters leave, newest first, streamed."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(name for name, _kind in COLUMNS)
    for entry in filters.entries().iterator(chunk_size=2000):
        row = [getattr(entry, name) for name, _kind in COLUMNS]
        row[-1] = json.dumps(entry.detail, ensure_ascii=False, sort_keys=True)
        writer.writerow(
            cell(value, kind) for value, (_name, kind) in zip(row, COLUMNS, strict=True)
        )
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def detail_text(entry: AuditEntry) -> str:
    """Name and value of each detail, in one line; sorted, as PostgreSQL keeps no order."""
    return "; ".join(_named(name, value) for name, value in sorted(entry.detail.items()))


def _named(name: str, value: object) -> str:
    """Return "name: value"; pairs one level down are said the same way, what is deeper as JSON."""
    if isinstance(value, dict) and value:
        inner = ", ".join(f"{key}: {_plain(each)}" for key, each in sorted(value.items()))
        return f"{name}: {inner}"
    if isinstance(value, list) and value:
        return f"{name}: {', '.join(map(_plain, value))}"
    return f"{name}: {_plain(value)}"


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or value in ({}, []):
        return _("none")
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
