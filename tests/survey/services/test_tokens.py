"""Personal tokens: made, used, revoked."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from survey.models import AuditEntry, PersonalToken
from survey.services.ranks import AccountRefused
from survey.services.tokens import MOST, TokenRefused, token_make, token_revoke, token_use
from tests.people import account_make


@pytest.fixture
def ana(db: None) -> User:
    return account_make("ana", "analyst")


def test_the_text_is_nowhere_in_the_database(ana: User):
    made = token_make(ana, name="notebook", days=30)
    assert made.text.startswith("proof_")
    assert len(made.text) == 70
    row = PersonalToken.objects.values().get()
    assert not any(made.text in str(value) for value in row.values())
    # The first characters tell tokens apart; what follows is hashed.
    assert made.text.startswith(row["token_key"])
    assert len(row["token_key"]) == 15
    assert timedelta(days=29) < made.token.expiry - timezone.now() <= timedelta(days=30)


def test_it_finds_its_owner_and_notes_the_use_once_a_minute(ana: User, django_assert_num_queries):
    text = token_make(ana, name="notebook", days=30).text
    # 1 the token with its owner, 2 the time
    with django_assert_num_queries(2):
        assert token_use(text).user == ana
    with django_assert_num_queries(1):
        assert token_use(text).user == ana
    used = PersonalToken.objects.get().last_used_at
    assert timezone.now() - used < timedelta(seconds=20)
    PersonalToken.objects.update(last_used_at=used - timedelta(minutes=2))
    token_use(text)
    assert PersonalToken.objects.get().last_used_at > used - timedelta(minutes=1)


@pytest.mark.parametrize("wrong", ["", "proof_", "é" * 70, "\0", "x" * 5000])
def test_it_finds_nothing_for_what_is_no_token(ana: User, wrong: str):
    text = token_make(ana, name="notebook", days=30).text
    assert token_use(wrong) is None
    assert token_use(text[:-1]) is None
    assert token_use(text + "0") is None


def test_an_expired_token_stops_and_stays_to_be_seen(ana: User):
    text = token_make(ana, name="notebook", days=7).text
    PersonalToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert token_use(text) is None
    assert PersonalToken.objects.count() == 1


def test_a_deactivated_owner_s_token_stops(ana: User):
    text = token_make(ana, name="notebook", days=7).text
    User.objects.update(is_active=False)
    assert token_use(text) is None


def test_making_and_revoking_are_written_down(ana: User):
    made = token_make(ana, name="notebook", days=30)
    assert token_revoke(made.token.pk, owner=ana, actor=ana)
    assert token_use(made.text) is None
    assert not token_revoke(made.token.pk, owner=ana, actor=ana)
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.action for entry in entries] == ["token.make", "token.revoke"]
    assert entries[0].detail == {
        "token": "notebook", "begins": made.token.token_key, "days": 30
    }  # fmt: skip
    assert {(entry.target_kind, entry.target_id) for entry in entries} == {("person", str(ana.pk))}
    assert made.text not in str(list(entries.values()))


def test_it_refuses_people_without_a_role_other_days_and_too_many(ana: User):
    otto = User.objects.create_user("otto")
    with pytest.raises(TokenRefused, match="Only people with a role"):
        token_make(otto, name="n", days=30)
    with pytest.raises(TokenRefused, match=r"3650 days; choose one of 7, 30, 90, 365"):
        token_make(ana, name="n", days=3650)
    for number in range(MOST):
        token_make(ana, name=str(number), days=7)
    with pytest.raises(TokenRefused, match=f"You have {MOST} tokens"):
        token_make(ana, name="one more", days=7)
    assert PersonalToken.objects.count() == MOST


def test_admins_revoke_other_people_s_but_a_superuser_s(ana: User):
    mia = account_make("mia", "admin")
    ada = User.objects.create_superuser("ada", password="pw")
    hers, root = (token_make(user, name="n", days=7).token for user in (ana, ada))
    with pytest.raises(TokenRefused, match="Only an admin"):
        token_revoke(root.pk, owner=ada, actor=ana)
    with pytest.raises(AccountRefused, match="superuser"):
        token_revoke(root.pk, owner=ada, actor=mia)
    # A token is revoked as its owner's, or not at all.
    assert not token_revoke(root.pk, owner=ana, actor=mia)
    assert token_revoke(hers.pk, owner=ana, actor=mia)
    assert list(PersonalToken.objects.values_list("user__username", flat=True)) == ["ada"]
    assert AuditEntry.objects.get(action="token.revoke").actor_name == "mia"
