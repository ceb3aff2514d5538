"""Single-use links: to make an account, and to set a new password."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from survey.roles import Role


class Invitation(models.Model):
    """The link itself is shown once and kept nowhere; only its hash is stored."""

    class Purpose(models.TextChoices):
        ACCOUNT = "account", _("make an account")
        PASSWORD = "password", _("set a password")

    purpose = models.CharField(max_length=10, choices=Purpose)
    token_hash = models.CharField(max_length=64, unique=True)
    # For whom, as the admin wrote it; a list of open invitations must tell them apart.
    name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=10, choices=Role, blank=True)
    # Whose password, or which account was made with it.
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="invitations"
    )
    # Links of an account that is deleted go with it: nobody answers for them any more.
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invitations_made"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A link ends once, one way.
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(revoked_at=None), name="invitation_ends_once"
            ),
            # A link without a role makes no account; one without an account sets no password.
            models.CheckConstraint(
                condition=Q(purpose="account", role__in=["analyst", "admin"])
                | Q(purpose="password", role="", account__isnull=False),
                name="invitation_says_what_for",
            ),
            # A second link for the same password ends the first one.
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(purpose="password", used_at=None, revoked_at=None),
                name="invitation_password_open_once",
            ),
        ]
        indexes = [
            # "Open invitations" on the page People.
            models.Index(
                fields=["expires_at"],
                condition=Q(used_at=None, revoked_at=None),
                name="invitation_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {self.name}"
