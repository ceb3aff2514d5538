"""Single-use links: used once, by one; never kept in a form that opens anything."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from survey.models import AuditEntry, Invitation
from survey.people import links_open
from survey.roles import Role, role_of
from survey.services.invitations import (
    LinkGone,
    invitation_accept,
    invitation_make,
    invitation_revoke,
    link_get,
    link_send,
    password_link_make,
    password_set,
)
from survey.services.tokens import token_make, token_use
from tests.people import account_make

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def mia(db: None) -> User:
    return account_make("mia", "admin")


def test_the_token_is_long_and_not_in_the_database(mia: User):
    made = invitation_make(actor=mia, role=Role.ANALYST, name="Ana")
    assert re.fullmatch(r"[\w-]{43}", made.token)
    stored = " ".join(str(value) for row in Invitation.objects.values_list() for value in row)
    written = " ".join(str(value) for row in AuditEntry.objects.values_list() for value in row)
    assert made.token not in stored + written
    assert made.invitation.token_hash in stored
    # The hash opens nothing.
    with pytest.raises(LinkGone):
        link_get(made.invitation.token_hash, purpose="account")


def test_an_invitation_makes_one_account_with_its_role(mia: User):
    made = invitation_make(actor=mia, role=Role.ANALYST, name="Ana", email="ana@example.org")
    user = invitation_accept(made.token, username="ana", password=PASSWORD)
    assert role_of(user) is Role.ANALYST
    assert (user.is_staff, user.is_superuser, user.email) == (True, False, "ana@example.org")
    assert user.check_password(PASSWORD)
    with pytest.raises(LinkGone):
        invitation_accept(made.token, username="second", password=PASSWORD)
    assert not User.objects.filter(username="second").exists()
    assert list(AuditEntry.objects.order_by("pk").values_list("actor_name", "action")) == [
        ("mia", "invitation.make"),
        ("ana", "invitation.accept"),
    ]


@pytest.mark.parametrize("ended", ["expired", "revoked", "unknown", "other purpose"])
def test_a_link_that_ended_opens_nothing(mia: User, ended: str):
    made = invitation_make(actor=mia, role=Role.ADMIN, name="Eve")
    token, purpose = made.token, "account"
    if ended == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif ended == "revoked":
        assert invitation_revoke(made.invitation.pk, actor=mia)
        assert not invitation_revoke(made.invitation.pk, actor=mia)
    elif ended == "unknown":
        token = "A" * 43
    else:
        purpose = "password"
    with pytest.raises(LinkGone, match="Ask whoever sent it for a new one"):
        link_get(token, purpose=purpose)


def test_a_taken_name_leaves_the_link_unused(mia: User):
    made = invitation_make(actor=mia, role=Role.ANALYST, name="Ana")
    with pytest.raises(IntegrityError), transaction.atomic():
        invitation_accept(made.token, username="mia", password=PASSWORD)
    assert link_get(made.token, purpose="account")
    assert invitation_accept(made.token, username="ana", password=PASSWORD)


def test_the_old_password_works_until_the_new_one_is_set(mia: User):
    ana = account_make("ana", "analyst")
    made = password_link_make(ana, actor=mia)
    assert User.objects.get(pk=ana.pk).check_password("pw")
    password_set(made.token, password=PASSWORD)
    user = User.objects.get(pk=ana.pk)
    assert user.check_password(PASSWORD)
    assert not user.check_password("pw")
    with pytest.raises(LinkGone):
        password_set(made.token, password="another one entirely")
    assert AuditEntry.objects.latest("pk").action == "person.password_set"


def test_a_deactivated_account_gets_no_new_password(mia: User):
    ana = account_make("ana", "analyst")
    made = password_link_make(ana, actor=mia)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    with pytest.raises(LinkGone):
        password_set(made.token, password=PASSWORD)


@pytest.mark.parametrize("lost", [{"is_active": False}, {"is_staff": False}, "group", "deleted"])
@pytest.mark.parametrize("purpose", ["account", "password"])
def test_a_link_is_worth_no_more_than_who_made_it(mia: User, lost: object, purpose: str):
    """Also where the right was lost on the Django admin site, which withdraws no links."""
    ana = account_make("ana", "analyst")
    if purpose == "account":
        token = invitation_make(actor=mia, role=Role.ADMIN, name="Eve").token
    else:
        token = password_link_make(ana, actor=mia).token
    assert link_get(token, purpose=purpose)
    if lost == "group":
        mia.groups.clear()
    elif lost == "deleted":
        mia.delete()
    else:
        User.objects.filter(pk=mia.pk).update(**lost)
    with pytest.raises(LinkGone):
        link_get(token, purpose=purpose)
    name = {"username": "eve"} if purpose == "account" else {}
    use = invitation_accept if purpose == "account" else password_set
    with pytest.raises(LinkGone):
        use(token, password=PASSWORD, **name)
    assert not User.objects.filter(username="eve").exists()
    assert User.objects.get(pk=ana.pk).check_password("pw")
    assert not links_open()


def test_a_superuser_s_password_is_set_by_links_of_superusers_only():
    root, boss = (User.objects.create_superuser(name, password="pw") for name in ("root", "boss"))
    made = password_link_make(root, actor=boss)
    boss.groups.add(Group.objects.get(name=Role.ADMIN))
    assert link_get(made.token, purpose="password")
    User.objects.filter(pk=boss.pk).update(is_superuser=False)
    with pytest.raises(LinkGone):
        password_set(made.token, password=PASSWORD)


def test_a_new_password_ends_the_personal_tokens_and_nobody_else_s(mia: User):
    ana = account_make("ana", "analyst")
    mine = [token_make(ana, name=name, days=90).text for name in ("script", "notebook")]
    other = token_make(mia, name="script", days=90).text
    made = password_link_make(ana, actor=mia)
    assert token_use(mine[0])
    password_set(made.token, password=PASSWORD)
    assert [token_use(text) for text in mine] == [None, None]
    assert token_use(other)
    written = AuditEntry.objects.filter(action="token.revoke")
    assert {(entry.actor_name, entry.detail["token"]) for entry in written} == {
        ("ana", "script"), ("ana", "notebook")
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "account", "role": ""},
        {"purpose": "account", "role": "boss"},
        {"purpose": "password", "role": "", "account": None},
        {"purpose": "password", "role": "admin"},
        {"purpose": "account", "used_at": 1, "revoked_at": 1},
    ],
)
def test_the_database_refuses_a_link_without_a_meaning(mia: User, wrong: dict):
    now = timezone.now()
    row = {"role": "analyst", "account": mia, "token_hash": "0" * 64, "invited_by": mia,
           "expires_at": now} | wrong  # fmt: skip
    row |= {name: now for name in ("used_at", "revoked_at") if name in wrong}
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(**row)


@pytest.mark.parametrize("kind", ["account", "password"])
@pytest.mark.django_db(transaction=True)
def test_of_eight_who_use_a_link_at_once_one_gets_it(kind: str):
    mia = account_make("mia", "admin")
    if kind == "account":
        made = invitation_make(actor=mia, role=Role.ANALYST, name="Ana")
    else:
        made = password_link_make(account_make("ana", "analyst"), actor=mia)
    start = Barrier(8)

    def use(number: int) -> str:
        try:
            start.wait(60)
            if kind == "account":
                return invitation_accept(
                    made.token, username=f"ana{number}", password=PASSWORD
                ).username
            password_set(made.token, password=f"{PASSWORD} {number}")
            return str(number)
        except LinkGone:
            return "gone"
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(use, range(8)))
    assert said.count("gone") == 7
    winner = next(name for name in said if name != "gone")
    if kind == "account":
        assert set(User.objects.values_list("username", flat=True)) == {"mia", winner}
    else:
        assert User.objects.get(username="ana").check_password(f"{PASSWORD} {winner}")
    assert Invitation.objects.exclude(used_at=None).count() == 1
    assert AuditEntry.objects.count() == 2


def test_a_link_is_mailed_where_mail_and_an_address_are(mia: User, settings):
    with_address = invitation_make(
        actor=mia, role=Role.ANALYST, name="Ana", email="ana@example.org"
    ).invitation
    without = invitation_make(actor=mia, role=Role.ANALYST, name="Ben").invitation
    assert link_send(with_address, link="http://testserver/invite/x/") is True
    assert link_send(without, link="http://testserver/invite/y/") is None
    (message,) = mail.outbox
    assert message.to == ["ana@example.org"]
    assert "http://testserver/invite/x/" in message.body
    assert "mia invites you" in message.body
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert link_send(with_address, link="http://testserver/invite/x/") is None


def test_a_mail_server_that_is_away_is_said(mia: User, settings, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    # Nothing listens there.
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    made = invitation_make(actor=mia, role=Role.ANALYST, name="Ana", email="ana@example.org")
    assert link_send(made.invitation, link="http://testserver/invite/x/") is False
    assert "could not be sent" in caplog.text
    assert "invite/x" not in caplog.text
