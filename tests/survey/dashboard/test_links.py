"""Where a link leads: for whoever holds it, once."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from survey.models import Invitation
from survey.roles import Role, role_of
from survey.services.invitations import invitation_make, invitation_revoke, password_link_make
from tests.people import account_make, client_of
from tests.survey.dashboard.test_pages import text_of

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(db: None) -> User:
    return account_make("mia", "admin")


@pytest.fixture
def invited(mia: User) -> str:
    token = invitation_make(actor=mia, role=Role.ANALYST, name="Ana").token
    return f"/invite/{token}/"


@pytest.fixture
def reset(mia: User) -> str:
    token = password_link_make(account_make("ana", "analyst"), actor=mia).token
    return f"/password/{token}/"


def said(response) -> str:
    return text_of(response.content.decode())


def account(name: str = "ana", first: str = PASSWORD, second: str = PASSWORD) -> dict[str, str]:
    return {"username": name, "password1": first, "password2": second}


def new(first: str = PASSWORD, second: str = PASSWORD) -> dict[str, str]:
    return {"new_password1": first, "new_password2": second}


def test_the_invited_see_who_invites_them_and_as_what(client: Client, invited: str):
    for _preview in range(3):
        response = client.get(invited)
        assert response.status_code == 200
        assert "mia invites you to Proofsheet" in said(response)
        assert "You join as analyst : somebody who reads everything" in said(response)
        assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "same-origin"


def test_the_invited_are_logged_in_with_their_role(client: Client, invited: str):
    response = client.post(invited, account())
    assert response["Location"] == "/dashboard/"
    assert client.get("/dashboard/").status_code == 200
    assert client.get("/dashboard/people/").status_code == 403
    assert role_of(User.objects.get(username="ana")) is Role.ANALYST
    again = Client().get(invited)
    assert again.status_code == 410
    assert "This link does not work any more" in said(again)
    assert Client().post(invited, account("eve")).status_code == 410


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (account(name=""), "This field is required."),
        (account(name="mia"), "A user with that username already exists."),
        (account(name="MIA"), "A user with that username already exists."),
        (account(name="an na"), "Enter a valid username."),
        (account(name="x" * 151), "at most 150 characters"),
        (account(second="something else"), "The two password fields didn’t match."),
        (account(first="short", second="short"), "This password is too short."),
        (account(first="password1234", second="password1234"), "This password is too common."),
        (account(first="8230174650", second="8230174650"), "entirely numeric"),
        (account("analysta", "analysta1", "analysta1"), "too similar to the username"),
        ({}, "This field is required."),
    ],
)
def test_a_wrong_form_is_refused_and_the_link_lives(
    client: Client, invited: str, given: dict, problem: str
):
    response = client.post(invited, given)
    assert response.status_code == 400
    assert problem in said(response)
    assert User.objects.count() == 1
    assert client.get(invited).status_code == 200


def test_a_name_taken_at_the_last_moment_is_said(client: Client, invited: str, monkeypatch):
    from django.contrib.auth.forms import UserCreationForm

    # Between the form's look and the insert somebody else may take the name.
    monkeypatch.setattr(UserCreationForm, "clean_username", lambda f: f.cleaned_data["username"])
    monkeypatch.setattr(UserCreationForm, "validate_unique", lambda _form: None)
    response = client.post(invited, account("mia"))
    assert response.status_code == 400
    assert "A user with that username already exists." in said(response)
    assert client.post(invited, account("ana")).status_code == 302


@pytest.mark.parametrize("ended", ["expired", "revoked", "unknown", "wrong kind"])
def test_a_link_that_ended_is_one_clear_page(client: Client, mia: User, invited: str, ended: str):
    if ended == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif ended == "revoked":
        assert invitation_revoke(Invitation.objects.get().pk, actor=mia)
    elif ended == "unknown":
        invited = f"/invite/{'A' * 43}/"
    else:
        invited = invited.replace("invite", "password")
    for response in (client.get(invited), client.post(invited, {**account(), **new()})):
        assert response.status_code == 410
        assert "Ask whoever sent it for a new one." in said(response)
    assert User.objects.count() == 1


@pytest.mark.parametrize("path", ["/invite/", "/invite/a.b/", "/invite/../admin/", "/password/ä/"])
def test_what_is_no_token_is_not_found(client: Client, path: str):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("kind", ["invited", "reset"])
def test_the_forms_need_the_token(kind: str, request):
    address = request.getfixturevalue(kind)
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(address, {**account("eve"), **new()}).status_code == 403
    assert Invitation.objects.get().used_at is None
    assert strict.put(address).status_code in {403, 405}


def test_somebody_logged_in_is_told_what_will_happen(mia: User, invited: str):
    client = client_of(mia)
    assert "You are logged in as mia. Going on makes a new account" in said(client.get(invited))
    client.post(invited, account())
    assert "ana" in client.get("/dashboard/").content.decode().split("<main")[0]


def test_a_new_password_replaces_the_old_one_everywhere(client: Client, reset: str):
    elsewhere = client_of(User.objects.get(username="ana"))
    assert "For the account ana" in said(client.get(reset))
    assert elsewhere.get("/dashboard/").status_code == 200
    assert client.post(reset, new())["Location"] == "/dashboard/"
    assert client.get("/dashboard/").status_code == 200
    assert elsewhere.get("/dashboard/").status_code == 302
    ana = User.objects.get(username="ana")
    assert ana.check_password(PASSWORD)
    assert client.get(reset).status_code == 410


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "This field is required."),
        (new(second="something else"), "The two password fields didn’t match."),
        (new("short", "short"), "This password is too short."),
    ],
)
def test_a_wrong_new_password_changes_nothing(
    client: Client, reset: str, given: dict, problem: str
):
    response = client.post(reset, given)
    assert response.status_code == 400
    assert problem in said(response)
    assert User.objects.get(username="ana").check_password("pw")


def test_a_link_of_a_deactivated_account_opens_nothing(client: Client, reset: str):
    User.objects.filter(username="ana").update(is_active=False)
    assert client.get(reset).status_code == 410
    assert client.post(reset, new()).status_code == 410


def test_the_rules_stand_beside_the_field(client: Client, invited: str, reset: str):
    for address, name in ((invited, "id_password1"), (reset, "id_new_password1")):
        page = client.get(address).content.decode()
        assert f'aria-describedby="{name}_helptext"' in page
        assert f'id="{name}_helptext"' in page
        assert "at least 8 characters" in page
