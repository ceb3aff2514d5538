"""One photo's whole family, rendered for the dashboard."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_app.models.dataset import Photo


class ContactSheet(models.Model):
    """photo x preset -> one strip of pictures a distortion.

    The row is the whole state: what is pending is asked for again, whatever the broker remembers.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="contact_sheets")
    preset = models.CharField(max_length=40)
    # Of the formulas that whoever asked has; one that was asked for with others is made again.
    version = models.CharField(max_length=40)
    # Of those that the worker had: another one if it was not restarted after an update.
    made_with = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    asked_at = models.DateTimeField()
    # Of the last message to a worker; a lost one is sent again.
    sent_at = models.DateTimeField()
    # A worker's claim; one that is old belongs to a worker that died.
    claimed_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=255, blank=True)
    # Distortion key -> stored file.
    files = models.JSONField(default=dict, blank=True)
    # Of one picture with its margin: a strip is so high, and so wide times its columns.
    cell_width = models.PositiveIntegerField(default=0)
    cell_height = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            # However often a page is opened, there is one sheet to make and to show.
            models.UniqueConstraint("photo", "preset", name="contact_sheet_once"),
        ]
        indexes = [
            # "What is still to be made", when a worker starts.
            models.Index(
                fields=["asked_at"],
                name="contact_sheet_pending",
                condition=models.Q(state="pending"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.preset}"
