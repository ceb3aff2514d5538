"""Who may touch whose account, decided under one lock.

The lock is the row of the group of admins: two admins who take each other's role at the same
moment must not leave nobody, and who just lost the role must not make a link with it.
"""

from django.contrib.auth.models import Group, User
from django.utils.translation import gettext as _

from survey.errors import SurveyError
from survey.roles import Role, admins_active


class AccountRefused(SurveyError):
    status = 409
    code = "refused"


def admins_lock(actor: User) -> None:
    """Wait for other changes of accounts, then check the actor; two queries in a transaction.

    Raises AccountRefused.
    """
    Group.objects.select_for_update().get(name=Role.ADMIN)
    # A query of its own, so that it reads what the change waited for has written.
    if not admins_active().filter(pk=actor.pk).exists():
        raise AccountRefused(_("You are no longer an admin; nothing was changed."))


def rank_check(account: User, *, actor: User) -> None:
    """Refuse an admin who reaches for more than their own rights. Raises AccountRefused."""
    if account.is_superuser and not actor.is_superuser:
        raise AccountRefused(
            _("%(name)s is a superuser; only another superuser can change that account.")
            % {"name": account.get_username()}
        )


def loss_check(account: User, *, actor: User) -> None:
    """Refuse what would leave no admin, or take the role from oneself. Raises AccountRefused."""
    if account.pk == actor.pk:
        raise AccountRefused(
            _("You cannot take the admin role from yourself; ask another admin to do it.")
        )
    if not admins_active().exclude(pk=account.pk).exists():
        raise AccountRefused(
            _("%(name)s is the last active admin; make somebody else an admin first.")
            % {"name": account.get_username()}
        )
