"""Staff log-in: wrong passwords close it for a while; nobody is sent round in circles."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password="correct horse battery")


def log_in(password: str, address: str = "203.0.113.5"):
    form = {"username": "ada", "password": password}
    return Client(REMOTE_ADDR=address).post("/login/?next=/dashboard/", form)


def test_the_right_password_opens_the_dashboard(ada: User):
    assert log_in("correct horse battery")["Location"] == "/dashboard/"


def test_five_wrong_passwords_close_the_log_in(ada: User):
    for _guess in range(4):
        assert log_in("guess").status_code == 200
    assert log_in("guess").status_code == 429
    closed = log_in("correct horse battery")
    assert closed.status_code == 429
    assert "15 minutes" in closed.content.decode()
    # Somebody elsewhere guessing must not lock Ada out.
    assert log_in("correct horse battery", "203.0.113.9").status_code == 302


@pytest.mark.parametrize("proxies", [0, 1])
def test_the_address_is_the_persons_and_nobodys_claim(ada: User, settings, proxies: int):
    """With a proxy in front it comes from the proxy; without one, what a client says is nothing."""
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    form = {"username": "ada", "password": "guess"}

    def guess(password: str, claimed: str) -> int:
        client = Client(REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": claimed})
        return client.post("/login/", {**form, "password": password}).status_code

    answers = [guess("guess", "198.51.100.7") for _guess in range(5)]
    assert answers[-1] == 429
    # Behind the proxy somebody else; without one the same guesser under another name.
    assert guess("correct horse battery", "203.0.113.9") == (302 if proxies else 429)


def test_five_wrong_passwords_from_one_ipv6_network_close_it_too(ada: User):
    answers = [log_in("guess", f"2001:db8::{n}").status_code for n in range(1, 6)]
    assert answers[-1] == 429
    assert log_in("correct horse battery", "2001:db8::99").status_code == 429
    assert log_in("correct horse battery", "2001:db8:0:1::1").status_code == 302


def test_an_address_that_is_none_is_nobodys(ada: User, settings):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    client = Client(headers={"x-forwarded-for": "not an address"})
    form = {"username": "ada", "password": "guess"}
    assert [client.post("/login/", form).status_code for _guess in range(5)][-1] == 429


def test_an_account_without_a_role_is_told_so_and_can_log_in_as_somebody_else(outsider: Client):
    answer = outsider.get("/dashboard/")
    assert answer.status_code == 403
    page = answer.content.decode()
    assert 'href="/login/"' in page
    # The log-in itself opens, and says who they are.
    assert "You are logged in as otto" in outsider.get("/login/").content.decode()


def test_logging_out_is_a_post(admin: Client):
    assert admin.get("/logout/").status_code == 405
    assert admin.post("/logout/").status_code == 302
    assert admin.get("/dashboard/").status_code == 302


def test_the_admin_site_asks_for_a_log_in_too():
    assert Client().get("/admin/").status_code == 302


def test_a_redirect_never_leaves_this_site(ada: User):
    form = {"username": "ada", "password": "correct horse battery"}
    answer = Client().post("/login/?next=https://evil.example/", form)
    assert answer["Location"] == "/dashboard/"
