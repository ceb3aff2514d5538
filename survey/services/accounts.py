"""Change who may do what: roles, deactivation, and coming back."""

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils.translation import gettext as _

from survey.roles import Role, role_forget, role_of
from survey.services.audit import audit_record
from survey.services.invitations import links_revoke
from survey.services.ranks import AccountRefused, admins_lock, loss_check, rank_check


@transaction.atomic
def role_set(account: User, *, role: Role, actor: User) -> None:
    """Give an account a role; nothing happens, and nothing is recorded, if it has it already.

    Who is no longer an admin also loses the links that they made and nobody used yet.
    """
    before = _locked(account, actor)
    if before is role:
        return
    if account.is_superuser:
        raise AccountRefused(
            _(
                "%(name)s is a superuser and always an admin; take that right away on the Django "
                "admin site first."
            )
            % {"name": account.get_username()}
        )
    if not account.is_active:
        raise AccountRefused(
            _("%(name)s is deactivated; reactivate the account first.")
            % {"name": account.get_username()}
        )
    if before is Role.ADMIN:
        loss_check(account, actor=actor)
        links_revoke(made_by=account)
    account.groups.remove(*Group.objects.filter(name__in=Role.values))
    account.groups.add(Group.objects.get(name=role))
    role_forget(account)
    _record(account, actor, "person.role", before=before or "", after=role)


@transaction.atomic
def account_deactivate(account: User, *, actor: User) -> None:
    """Log somebody out and keep them out; what they did stays, the links they made end."""
    before = _locked(account, actor)
    if not account.is_active:
        return
    if account.pk == actor.pk:
        raise AccountRefused(_("You cannot deactivate your own account; ask another admin."))
    if before is Role.ADMIN:
        loss_check(account, actor=actor)
    account.is_active = False
    account.save(update_fields=["is_active"])
    role_forget(account)
    links_revoke(made_by=account)
    links_revoke(account=account)
    _record(account, actor, "person.deactivate")


@transaction.atomic
def account_reactivate(account: User, *, actor: User) -> None:
    _locked(account, actor)
    if account.is_active:
        return
    account.is_active = True
    account.save(update_fields=["is_active"])
    role_forget(account)
    _record(account, actor, "person.reactivate")


def _locked(account: User, actor: User) -> Role | None:
    """Take the lock and read the account again; return its role."""
    admins_lock(actor)
    account.refresh_from_db()
    role_forget(account)
    rank_check(account, actor=actor)
    return role_of(account)


def _record(account: User, actor: User, action: str, **detail: str) -> None:
    audit_record(
        actor=actor,
        action=action,
        target="person",
        target_id=account.pk,
        label=account.get_username(),
        detail=detail,
    )
