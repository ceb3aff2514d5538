"""Personal tokens: how an analyst's script says who it is."""

from typing import ClassVar

from django.db import models
from knox.models import AbstractAuthToken, AuthTokenManager


class PersonalToken(AbstractAuthToken):
    """Knox's token, with a name and the time of its last use; the token itself is kept nowhere.

    `digest` is its SHA-512, `token_key` its first characters, `expiry` when it ends.
    """

    # Knox takes the digest for the key; an address of a page must not carry it.
    digest = models.CharField(max_length=128, unique=True)
    name = models.CharField(max_length=60)
    # To the minute: a script may ask a hundred times in one.
    last_used_at = models.DateTimeField(null=True)

    objects: ClassVar[AuthTokenManager] = AuthTokenManager()

    class Meta:
        indexes = [
            # "My tokens", newest first.
            models.Index(fields=["user", "-id"], name="token_of_user_newest")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"
