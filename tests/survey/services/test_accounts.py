"""Roles and deactivation: what is refused, what goes with it, two admins at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from survey.models import AuditEntry, Invitation
from survey.roles import Role, admins_active, role_of
from survey.services.accounts import account_deactivate, account_reactivate, role_set
from survey.services.invitations import invitation_make, password_link_make
from survey.services.ranks import AccountRefused
from tests.people import account_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(db: None) -> User:
    return account_make("mia", "admin")


@pytest.fixture
def ana(db: None) -> User:
    return account_make("ana", "analyst")


def entries() -> list[tuple]:
    return list(
        AuditEntry.objects.order_by("pk").values_list(
            "actor_name", "action", "target_label", "detail"
        )
    )


def open_links() -> set[str]:
    return set(
        Invitation.objects.filter(used_at=None, revoked_at=None).values_list("name", flat=True)
    )


def test_a_role_is_changed_and_written_down_once(mia: User, ana: User):
    for _twice in range(2):
        role_set(ana, role=Role.ADMIN, actor=mia)
    assert role_of(ana) is Role.ADMIN
    assert list(ana.groups.values_list("name", flat=True)) == ["admin"]
    assert entries() == [("mia", "person.role", "ana", {"before": "analyst", "after": "admin"})]


def test_nobody_takes_the_admin_role_from_themselves(mia: User):
    account_make("max", "admin")
    with pytest.raises(AccountRefused, match="You cannot take the admin role from yourself"):
        role_set(mia, role=Role.ANALYST, actor=mia)
    with pytest.raises(AccountRefused, match="You cannot deactivate your own account"):
        account_deactivate(mia, actor=mia)
    assert role_of(mia) is Role.ADMIN
    assert entries() == []


def test_an_analyst_changes_nobody(mia: User, ana: User):
    for change in (
        lambda: role_set(ana, role=Role.ADMIN, actor=ana),
        lambda: account_deactivate(mia, actor=ana),
        lambda: invitation_make(actor=ana, role=Role.ADMIN, name="x"),
        lambda: password_link_make(mia, actor=ana),
    ):
        with pytest.raises(AccountRefused, match="You are no longer an admin"):
            change()
    assert entries() == []
    assert not Invitation.objects.exists()


def test_a_superuser_is_out_of_reach_of_an_admin(mia: User):
    ada = User.objects.create_superuser("ada")
    for change in (
        lambda: role_set(ada, role=Role.ANALYST, actor=mia),
        lambda: account_deactivate(ada, actor=mia),
        # Whoever may set a superuser's password is one.
        lambda: password_link_make(ada, actor=mia),
    ):
        with pytest.raises(AccountRefused, match="only another superuser"):
            change()
    with pytest.raises(AccountRefused, match="Django admin site first"):
        role_set(ada, role=Role.ANALYST, actor=User.objects.create_superuser("eve"))
    assert entries() == []


def test_deactivation_ends_what_somebody_had_open(mia: User):
    max_ = account_make("max", "admin")
    invitation_make(actor=max_, role=Role.ADMIN, name="a back door")
    invitation_make(actor=mia, role=Role.ANALYST, name="someone else")
    password_link_make(max_, actor=mia)
    account_deactivate(max_, actor=mia)
    assert not User.objects.get(username="max").is_active
    assert open_links() == {"someone else"}
    account_reactivate(max_, actor=mia)
    account_reactivate(max_, actor=mia)
    assert role_of(User.objects.get(username="max")) is Role.ADMIN
    assert [entry[1] for entry in entries()][-2:] == ["person.deactivate", "person.reactivate"]


def test_who_loses_the_role_loses_its_links(mia: User):
    max_ = account_make("max", "admin")
    invitation_make(actor=max_, role=Role.ADMIN, name="a back door")
    password_link_make(max_, actor=mia)
    role_set(max_, role=Role.ANALYST, actor=mia)
    assert open_links() == {"max"}


def test_a_deactivated_account_is_only_reactivated(mia: User, ana: User):
    account_deactivate(ana, actor=mia)
    with pytest.raises(AccountRefused, match="reactivate the account first"):
        role_set(ana, role=Role.ADMIN, actor=mia)
    with pytest.raises(AccountRefused, match="reactivate the account first"):
        password_link_make(ana, actor=mia)


@pytest.mark.parametrize("change", ["role", "deactivate"])
@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_leave_one(change: str):
    pair = [account_make("mia", "admin"), account_make("max", "admin")]
    start = Barrier(2)

    def take(actor: User, other: User) -> str:
        try:
            start.wait(60)
            if change == "role":
                role_set(other, role=Role.ANALYST, actor=actor)
            else:
                account_deactivate(other, actor=actor)
        except AccountRefused as error:
            return str(error)
        finally:
            connection.close()
        return "done"

    again = [User.objects.get(pk=user.pk) for user in reversed(pair)]
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(take, pair, again))
    assert sorted(said) == ["You are no longer an admin; nothing was changed.", "done"]
    assert admins_active().count() == 1
    assert AuditEntry.objects.count() == 1


def test_the_last_admin_stays_even_if_the_actor_is_not_counted(mia: User):
    """Two rules overlap: whoever acts is an admin. The check must hold without the other one."""
    from survey.services.ranks import loss_check

    stranger = User(pk=mia.pk + 1000, username="stranger")
    with pytest.raises(AccountRefused, match="mia is the last active admin"):
        loss_check(mia, actor=stranger)


def test_a_password_link_ends_the_one_before(mia: User, ana: User):
    password_link_make(ana, actor=mia)
    password_link_make(ana, actor=mia)
    first, second = Invitation.objects.order_by("pk")
    assert first.revoked_at is not None
    assert second.revoked_at is None
    assert second.expires_at - timezone.now() < timedelta(days=7, seconds=1)
