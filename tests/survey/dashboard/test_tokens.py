"""The page API tokens, and tokens on a person's page."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from survey.models import PersonalToken
from survey.services.tokens import MOST, token_make
from tests.people import Annotator, account_make, client_of
from tests.survey.dashboard.test_pages import text_of

TOKENS = "/dashboard/tokens/"
GIVEN = {"name": "Notebook <b>1", "days": "30"}


@pytest.fixture
def ana(db: None) -> User:
    return account_make("ana", "analyst")


def test_a_token_is_shown_once_and_works(survey, ana: User):
    client = client_of(ana)
    assert "You have none." in client.get(TOKENS).content.decode()
    page = client.post(TOKENS, GIVEN)
    assert page["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    (text,) = re.findall(r'value="(proof_[0-9a-f]{64})"', page.content.decode())
    assert "<b>1" not in page.content.decode()
    script = Client(headers={"Authorization": f"Bearer {text}"})
    assert script.get("/api/survey/").json()["count"] == 1
    listed = client.get(TOKENS).content.decode()
    assert text not in listed
    assert text[:15] in listed
    assert "last used just now" in text_of(listed)


def test_it_lists_one_s_own_only(ana: User):
    token_make(account_make("ben", "analyst"), name="of ben", days=7)
    token_make(ana, name="fresh", days=7)
    old = token_make(ana, name="old", days=7).token
    PersonalToken.objects.filter(pk=old.pk).update(expiry=timezone.now() - timedelta(days=1))
    said = text_of(client_of(ana).get(TOKENS).content.decode())
    assert "of ben" not in said
    assert said.count("expired") == said.count("last used never · expired") == 1


@pytest.mark.parametrize(
    "given", [{}, {"name": "", "days": "30"}, {"name": "n", "days": "31"},
              {"name": "n" * 61, "days": "7"}, {"name": "n\0", "days": "7"}]
)  # fmt: skip
def test_it_refuses_bad_forms(ana: User, given: dict):
    assert client_of(ana).post(TOKENS, given).status_code == 400
    assert not PersonalToken.objects.exists()


def test_it_says_when_there_are_too_many(ana: User):
    for number in range(MOST):
        token_make(ana, name=str(number), days=7)
    response = client_of(ana).post(TOKENS, GIVEN)
    assert response.status_code == 400
    assert f"You have {MOST} tokens" in response.content.decode()


def test_one_revokes_one_s_own_and_nobody_else_s(ana: User):
    mine = token_make(ana, name="n", days=7).token
    theirs = token_make(account_make("ben", "analyst"), name="n", days=7).token
    client = client_of(ana)
    page = client.post(f"{TOKENS}{theirs.pk}/revoke/", follow=True)
    assert "nothing was changed" in page.content.decode()
    page = client.post(f"{TOKENS}{mine.pk}/revoke/", follow=True)
    assert "The token is revoked" in page.content.decode()
    assert list(PersonalToken.objects.all()) == [theirs]
    assert client.get(f"{TOKENS}{theirs.pk}/revoke/").status_code == 405


def test_an_admin_sees_and_revokes_them_on_the_person_s_page(ana: User, manager: Client):
    token = token_make(ana, name="notebook", days=7).token
    person = f"/dashboard/people/{ana.pk}/"
    assert "notebook" in manager.get(person).content.decode()
    page = manager.post(f"{person}tokens/{token.pk}/revoke/", follow=True)
    assert "The token is revoked" in page.content.decode()
    assert "token.revoke" in page.content.decode()
    assert not PersonalToken.objects.exists()
    assert manager.post(f"/dashboard/people/999/tokens/{token.pk}/revoke/").status_code == 404


def test_an_admin_leaves_a_superuser_s_alone(ana: User, manager: Client):
    ada = User.objects.create_superuser("ada", password="pw")
    token = token_make(ada, name="notebook", days=7).token
    page = manager.post(f"/dashboard/people/{ada.pk}/tokens/{token.pk}/revoke/", follow=True)
    assert "only another superuser" in page.content.decode()
    assert PersonalToken.objects.exists()


def test_it_is_for_people_with_a_role(survey, ana: User, outsider: Client, annotator: Annotator):
    token = token_make(ana, name="n", days=7).token
    for client, status in ((Client(), 302), (annotator.client, 302), (outsider, 403)):
        assert client.get(TOKENS).status_code == status
        assert client.post(TOKENS, GIVEN).status_code == status
        assert client.post(f"{TOKENS}{token.pk}/revoke/").status_code == status
    address = f"/dashboard/people/{ana.pk}/tokens/{token.pk}/revoke/"
    assert client_of(ana).post(address).status_code == 403
    assert PersonalToken.objects.count() == 1


def test_it_costs_the_same_for_any_number(ana: User, django_assert_num_queries):
    for number in range(9):
        token_make(ana, name=str(number), days=7)
    client = client_of(ana)
    # 1 session, 2 person, 3 role, 4 tokens
    with django_assert_num_queries(4):
        assert client.get(TOKENS).status_code == 200
