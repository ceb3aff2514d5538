"""Who may do what. Annotators need no account; an account has one of these roles, or none.

A role is a Django group of an account that is staff; a superuser counts as an admin.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, TextChoices
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
Anyone = User | AnonymousUser


class Role(TextChoices):
    """The value is the group's name."""

    ANALYST = "analyst", gettext_lazy("analyst")
    ADMIN = "admin", gettext_lazy("admin")


MEANINGS = {
    Role.ANALYST: gettext_lazy("reads everything and downloads it"),
    Role.ADMIN: gettext_lazy(
        "does what analysts do, launches and stops work, changes surveys, and manages people"
    ),
}
_REMEMBERED = "_proofsheet_role"


def role_of(user: Anyone) -> Role | None:
    """At most one query a user object: the answer is kept on it, and none for a superuser."""
    if not hasattr(user, _REMEMBERED):
        setattr(user, _REMEMBERED, _role_read(user))
    role: Role | None = getattr(user, _REMEMBERED)
    return role


def role_forget(user: User) -> None:
    """Whoever changes a role calls this, so that role_of() asks again."""
    if hasattr(user, _REMEMBERED):
        delattr(user, _REMEMBERED)


def has_role(user: Anyone, role: str) -> bool:
    """Whether a user may do what this role may; an admin may do all that an analyst may."""
    found = role_of(user)
    return found is Role.ADMIN or (found is not None and found == Role(role))


def _role_read(user: Anyone) -> Role | None:
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMIN
    if not user.is_staff:
        return None
    names = set(user.groups.filter(name__in=Role.values).values_list("name", flat=True))
    return next((role for role in (Role.ADMIN, Role.ANALYST) if role.value in names), None)


def admins_active() -> QuerySet[User]:
    """Everybody for whom role_of() is admin, by name."""
    members = User.groups.through.objects.filter(group__name=Role.ADMIN).values("user_id")
    able = Q(is_superuser=True) | Q(is_staff=True, pk__in=members)
    return User.objects.filter(able, is_active=True).order_by("username")


def groups_make(sender: AppConfig, using: str, apps: Apps = installed_apps, **kwargs: Any) -> None:
    """Make the groups after every migration: a flushed database needs them too."""
    groups = apps.get_model("auth", "Group")._default_manager.using(using)
    for name in Role.values:
        groups.get_or_create(name=name)


def _refusal(user: Anyone, role: Role) -> str:
    """Who may, who you are, whom to ask; two queries, only where somebody is refused."""
    found = role_of(user)
    if found is None:
        return _(
            "This page is for the people who run the surveys. You are logged in as %(name)s, an "
            "account without a role here. Ask whoever runs this site to invite you, or log in "
            "with another account."
        ) % {"name": user.get_username()}
    names = list(admins_active().values_list("username", flat=True)[:3])
    return _(
        "This is for people with the role %(needed)s. You are logged in as %(name)s, with the "
        "role %(role)s. Ask an admin to do it or to change your role: %(admins)s."
    ) % {
        "needed": role.label,
        "name": user.get_username(),
        "role": found.label,
        "admins": ", ".join(names) or _("there is none at present"),
    }


def _requires(
    role: Role, view: Callable[Concatenate[HttpRequest, P], R]
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            # After the log-in a browser asks with GET, which an address for POST refuses.
            if request.method not in {"GET", "HEAD"}:
                return redirect("login")
            return redirect_to_login(request.get_full_path())
        if not has_role(request.user, role):
            raise PermissionDenied(_refusal(request.user, role))
        return view(request, *args, **kwargs)

    return inner


def analyst_required(
    view: Callable[Concatenate[HttpRequest, P], R],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let analysts and admins in; others get the log-in, or a page that says who may."""
    return _requires(Role.ANALYST, view)


def admin_required(
    view: Callable[Concatenate[HttpRequest, P], R],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let admins in; others get the log-in, or a page that says who may."""
    return _requires(Role.ADMIN, view)


class AnalystPermission(BasePermission):
    """For views of the API: analysts and admins."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return has_role(request.user, Role.ANALYST)


class AdminPermission(BasePermission):
    """For views of the API: admins."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return has_role(request.user, Role.ADMIN)
