"""Personal tokens: made, revoked, used.

A token has 256 random bits and is returned once; the database keeps its SHA-512.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.crypto import hash_token

from survey.errors import SurveyError
from survey.models import PersonalToken
from survey.roles import Role, has_role
from survey.services.audit import audit_record
from survey.services.ranks import rank_check

# So many a person at most; a script needs one.
MOST = 20
DAYS = (7, 30, 90, 365)
USE_NOTED_EVERY = timedelta(minutes=1)


class TokenRefused(SurveyError):
    status = 409
    code = "refused"


@dataclass(frozen=True, slots=True)
class Made:
    """A new token; its text exists here and on the page that shows it, nowhere else."""

    token: PersonalToken
    text: str


@transaction.atomic
def token_make(user: User, *, name: str, days: int) -> Made:
    """Make a token that reads as its owner may. Raises TokenRefused."""
    # Two forms sent at once are counted one after the other.
    User.objects.select_for_update().get(pk=user.pk)
    if not has_role(user, Role.ANALYST):
        raise TokenRefused(_("Only people with a role here have tokens; nothing was made."))
    if days not in DAYS:
        allowed = ", ".join(map(str, DAYS))
        raise TokenRefused(
            _("A token cannot be valid for %(days)s days; choose one of %(allowed)s.")
            % {"days": days, "allowed": allowed}
        )
    if PersonalToken.objects.filter(user=user).count() >= MOST:
        raise TokenRefused(
            _("You have %(most)s tokens, the most there can be; revoke one that you do not need.")
            % {"most": MOST}
        )
    token, text = PersonalToken.objects.create(  # type: ignore[no-untyped-call]  # Knox's
        user, expiry=timedelta(days=days), name=name
    )
    _record(token, user, "token.make", days=days)
    return Made(token, text)


@transaction.atomic
def token_revoke(pk: int, *, owner: User, actor: User) -> bool:
    """End a token for good; False if there is none of that owner.

    An admin may end everybody's tokens but a superuser's. Raises AccountRefused, TokenRefused.
    """
    if actor.pk != owner.pk:
        if not has_role(actor, Role.ADMIN):
            raise TokenRefused(_("Only an admin revokes other people's tokens."))
        rank_check(owner, actor=actor)
    token = PersonalToken.objects.filter(pk=pk, user=owner).first()
    if token is None or not PersonalToken.objects.filter(pk=pk).delete()[0]:
        return False
    _record(token, actor, "token.revoke")
    return True


@transaction.atomic
def tokens_revoke(*, owner: User) -> None:
    """End all tokens of somebody who sets a new password; an entry in the audit trail for each."""
    for token in PersonalToken.objects.select_for_update().filter(user=owner):
        token.delete()
        _record(token, owner, "token.revoke")


def token_use(text: str) -> PersonalToken | None:
    """Find a token that works, with its owner; one query, and one a minute to note the use.

    Expired tokens stay, so that their owner sees why a script stopped.
    """
    now = timezone.now()
    token: PersonalToken | None = (
        PersonalToken.objects.select_related("user")
        .filter(Q(expiry=None) | Q(expiry__gt=now), digest=hash_token(text), user__is_active=True)
        .first()
    )
    if token is None:
        return None
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        PersonalToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _record(token: PersonalToken, actor: User, action: str, **detail: object) -> None:
    """The owner is the target, so that the entry is on that person's page."""
    audit_record(
        actor=actor,
        action=action,
        target="person",
        target_id=token.user_id,
        label=token.user.get_username(),
        detail={"token": token.name, "begins": token.token_key, **detail},
    )
