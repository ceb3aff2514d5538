"""Who did what, when: rows that are added and never changed."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class AppendOnly(models.QuerySet["AuditEntry"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("Audit entries are never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("Audit entries are never deleted.")


class AuditEntry(models.Model):
    """One action of a person; no IP address is kept."""

    # The database's clock: web servers and workers may disagree, it does not.
    at = models.DateTimeField(db_default=Now(), editable=False)
    # Null for the command line, and once an account is gone; the name stays.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150, blank=True)
    action = models.CharField(max_length=40)
    target_kind = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=80, blank=True)
    # What the thing was called at that time.
    target_label = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)

    # Deleting an account sets `actor` to null through Django's base manager, which stays plain.
    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            # The page's filters, each with the newest first; the whole list goes by the key.
            models.Index(fields=["action", "-id"], name="audit_action_newest"),
            models.Index(fields=["actor_name", "-id"], name="audit_actor_newest"),
            # "What was done to this one" on the page of a person, a job, a dataset.
            models.Index(fields=["target_kind", "target_id", "-id"], name="audit_target_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target_label}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("Audit entries are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("Audit entries are never deleted.")
