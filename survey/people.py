"""Reads for the page People: accounts and open links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone

from survey.models import Invitation, PersonalToken
from survey.roles import Role, admins_active


@dataclass(frozen=True, slots=True)
class Person:
    pk: int
    name: str
    role: Role
    is_superuser: bool
    is_active: bool
    last_login: datetime | None


def people() -> list[Person]:
    """Every account with a role, active ones first, by name; two queries."""
    found = [_person(user) for user in _accounts().prefetch_related("groups")]
    return sorted(found, key=lambda person: (not person.is_active, person.name.casefold()))


def person_get(pk: int) -> tuple[User, Person] | None:
    """Find an account with a role, active or not; two queries."""
    user = _accounts().prefetch_related("groups").filter(pk=pk).first()
    return None if user is None else (user, _person(user))


def _accounts() -> QuerySet[User]:
    members = User.groups.through.objects.filter(group__name__in=Role.values).values("user_id")
    return User.objects.filter(Q(is_superuser=True) | Q(is_staff=True, pk__in=members))


def _person(user: User) -> Person:
    """Role as roles.role_of(), but also of somebody who is deactivated."""
    names = {group.name for group in user.groups.all()}
    is_admin = user.is_superuser or Role.ADMIN.value in names
    return Person(
        pk=user.pk,
        name=user.get_username(),
        role=Role.ADMIN if is_admin else Role.ANALYST,
        is_superuser=user.is_superuser,
        is_active=user.is_active,
        last_login=user.last_login,
    )


def links_open(*, account: User | None = None) -> Sequence[Invitation]:
    """Links that somebody may still use, or those for an account's password; one query."""
    found = Invitation.objects.filter(
        used_at=None,
        revoked_at=None,
        expires_at__gt=timezone.now(),
        invited_by__in=admins_active(),
    ).select_related("invited_by")
    if account is not None:
        found = found.filter(account=account)
    return list(found.order_by("-expires_at"))


def tokens_of(user: User) -> Sequence[PersonalToken]:
    """Somebody's tokens, newest first, expired ones too; one query."""
    return list(PersonalToken.objects.filter(user=user).order_by("-pk"))
